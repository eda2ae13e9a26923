/* SPDX-License-Identifier: GPL-2.0-or-later */
/* argv as an invocation. */
#pragma once

#include "command.h"

/* Reads the arguments. EXIT_USAGE: a message has been printed. The invocation's operands, an array
 * of argv's texts, belong to the caller. */
enum exit_status options_read(int argc, char **argv, struct invocation *ret_invocation);
