/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command of hostdevctl is one file with one descriptor. Its usage, its help and the reading of
 * its options all come out of that descriptor, so they cannot disagree.
 */
#pragma once

#include "hostdev.h"

/* What hostdevctl exits with. */
enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NOT_FOUND = 3,
	EXIT_BUSY = 4,
	EXIT_NOT_PERMITTED = 5,
	EXIT_UNREACHABLE = 6,
	EXIT_TIMED_OUT = 7,
	EXIT_INVALID = 8,
};

enum { COMMAND_OPTIONS_MOST = 16 };

/* One option of one command; the list ends with one without a name. */
struct command_option {
	const char *name;
	const char *value; /* what stands behind it, for the help; NULL: nothing does */
	const char *help;
};

/* One call of hostdevctl, as read from its arguments. All texts are argv's. */
struct invocation {
	const struct command *command; /* NULL: none was given */
	const char *socket;	       /* NULL: hostdev_connect() knows */
	bool json;
	bool help;
	bool version;
	const char *values[COMMAND_OPTIONS_MOST]; /* at the option's place in its list; "" if it
						     takes no value; NULL: not given */
	char **operands;			  /* ends with NULL */
	int operand_count;
};

struct command {
	const char *name;
	const char *operands; /* for the usage line */
	const char *summary;
	const struct command_option *options; /* or NULL */
	int operands_least;
	int operands_most;
	enum exit_status (*run)(const struct invocation *invocation);
};

/* All commands in the order of the help; ends with NULL. */
extern const struct command *const commands[];

extern const struct command command_accept_loss;
extern const struct command command_assign;
extern const struct command command_bind;
extern const struct command command_check;
extern const struct command command_claim;
extern const struct command command_devices;
extern const struct command command_explain;
extern const struct command command_fields;
extern const struct command command_groups;
extern const struct command command_help;
extern const struct command command_instances;
extern const struct command command_release;
extern const struct command command_reload;
extern const struct command command_rules;
extern const struct command command_status;
extern const struct command command_unassign;
extern const struct command command_wait;
extern const struct command command_watch;

/* The command of that name. NULL: there is none, and a message said so. */
const struct command *command_find(const char *name);

/* Prints the help of a command, or of hostdevctl for NULL. */
void command_print_help(const struct command *command);
