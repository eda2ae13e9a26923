/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --check and --fields print, for people or as JSON. */
#pragma once

#include "options.h"

/* Checks configuration and rules as a start would read them; 0 valid, 8 not, 1 cannot be read. */
int report_check(const struct options *options);

/* Prints the field table, all of it. */
void report_fields(const struct options *options);
