/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of hostdevd: hostdevd --help shows it. */
#pragma once

#include "base/vector.h"

#include <stdbool.h>

enum monitor_choice {
	MONITOR_AUTO, /* udev if a udevd runs, else the kernel */
	MONITOR_UDEV,
	MONITOR_KERNEL,
	MONITOR_COUNT,
};

enum action {
	ACTION_RUN,
	ACTION_CHECK,
	ACTION_FIELDS,
	ACTION_VERSION,
	ACTION_HELP,
};

struct options {
	enum action action;
	const char *config;
	bool rules_named;		/* by --rules, not the three defaults */
	struct vector rule_directories; /* of char *, borrowed from the command line or constant */
	const char *socket;
	const char *state;
	enum monitor_choice monitor;
	bool json;
	bool debug;
};

enum {
	OPTIONS_WRONG = 1, /* the reason was written to standard error */
};

int options_parse(int count, char **arguments, struct options *ret_options);
void options_done(struct options *options);

/* The text of --help, with every default. */
void options_print_help(void);
