/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hostdevctl help. */
#include "command.h"

static enum exit_status run(const struct invocation *invocation)
{
	const char *name = invocation->operands[0];
	const struct command *command = name ? command_find(name) : NULL;

	if (name && !command)
		return EXIT_USAGE;
	command_print_help(command);
	return EXIT_DONE;
}

const struct command command_help = {
	.name = "help",
	.operands = "[COMMAND]",
	.summary = "This help, or the help of one command",
	.operands_most = 1,
	.run = run,
};
