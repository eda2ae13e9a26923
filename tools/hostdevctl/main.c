/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hostdevctl: one command, one question to the daemon, one answer. It is a user of libhostdev like
 * any other program, and knows nothing of the daemon's inside.
 */
#include "command.h"
#include "options.h"
#include "output.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static enum exit_status complain_operands(const struct invocation *invocation)
{
	const struct command *command = invocation->command;

	output_complain("%s %s; usage: hostdevctl %s%s%s", command->name,
		invocation->operand_count < command->operands_least
			? "needs an operand"
			: "does not take so many operands",
		command->name, *command->operands ? " " : "", command->operands);
	return EXIT_USAGE;
}

static enum exit_status obey(const struct invocation *invocation)
{
	const struct command *command = invocation->command;

	if (invocation->version) {
		puts("hostdevctl " HOSTDEVD_VERSION);
		return EXIT_DONE;
	}
	if (invocation->help) {
		command_print_help(command);
		return EXIT_DONE;
	}
	if (!command) {
		output_complain("which command? `hostdevctl --help` lists them");
		return EXIT_USAGE;
	}
	if (invocation->operand_count < command->operands_least ||
		invocation->operand_count > command->operands_most)
		return complain_operands(invocation);
	return command->run(invocation);
}

/* In the place of a closed one the socket would be sent what is printed. Read-only: a write still
 * fails. */
static void occupy_standard_descriptors(void)
{
	int file;

	do
		file = open("/dev/null", O_RDONLY);
	while (file >= 0 && file <= STDERR_FILENO);
	if (file >= 0)
		close(file);
}

int main(int argc, char **argv)
{
	struct invocation invocation;
	enum exit_status status;

	occupy_standard_descriptors();
	setlocale(LC_CTYPE, "");
	/* a reader that goes (head) ends us quietly, also where a parent ignores the signal */
	signal(SIGPIPE, SIG_DFL);
	status = options_read(argc, argv, &invocation);
	if (status != EXIT_DONE)
		return status;
	status = obey(&invocation);
	free(invocation.operands);
	if (status == EXIT_FAILED || output_flush() || status != EXIT_DONE)
		return status;
	return EXIT_FAILED;
}
