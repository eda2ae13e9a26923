/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --check and --fields print, for people or as JSON. */
#pragma once

#include "options.h"

/* Exit status, as hostdevctl's, which README.md lists. */
enum {
	EXIT_USAGE = 2,
	EXIT_INVALID = 8, /* the configuration or a rule file has errors */
};

/* Checks configuration and rules as a start would read them: EXIT_SUCCESS or EXIT_INVALID. */
int report_check(const struct options *options);

/* Prints the field table, all of it. */
void report_fields(const struct options *options);
