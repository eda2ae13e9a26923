/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's program as a source of facts, without a daemon that runs. */
#pragma once

#include "command.h"

/* Runs hostdevd with these arguments (the first is its name; NULL ends them) and reads the JSON it
 * prints. On EXIT_DONE *ret_value belongs to the caller; else a message has been printed. That it
 * finds the rules invalid (exit status 8) is EXIT_DONE: the JSON tells. */
enum exit_status daemon_ask(const char *const *arguments, struct hostdev_value **ret_value);
