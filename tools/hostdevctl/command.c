/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of commands, and what is read out of it. */
#include "command.h"

#include "nearest.h"
#include "output.h"

#include <stdio.h>
#include <string.h>

const struct command *const commands[] = {
	&command_status,
	&command_devices,
	&command_groups,
	&command_rules,
	&command_fields,
	&command_instances,
	&command_explain,
	&command_watch,
	&command_wait,
	&command_claim,
	&command_assign,
	&command_unassign,
	&command_bind,
	&command_release,
	&command_check,
	&command_reload,
	&command_accept_loss,
	&command_help,
	NULL,
};

const struct command *command_find(const char *name)
{
	struct nearest nearest = {.word = name};

	for (size_t i = 0; commands[i]; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
		nearest_try(&nearest, commands[i]->name);
	}
	if (nearest.best)
		output_complain("unknown command %s; the nearest is %s", name, nearest.best);
	else
		output_complain("unknown command %s; `hostdevctl --help` lists them", name);
	return NULL;
}

static void print_option(const struct command_option *option)
{
	char left[64];

	snprintf(left, sizeof(left), "--%s%s%s", option->name, option->value ? " " : "",
		option->value ? option->value : "");
	printf("      %-22s %s\n", left, option->help);
}

static void print_global_options(void)
{
	fputs("\nOptions, which may stand anywhere:\n"
	      "      --socket PATH          hostdevd's socket (else $HOSTDEVD_SOCKET, else\n"
	      "                             /run/hostdevd/hostdevd.sock)\n"
	      "  -j, --json                 the reply as one line of JSON\n"
	      "  -h, --help                 this help\n"
	      "      --version              the version\n",
		stdout);
}

static void print_command_help(const struct command *command)
{
	printf("Usage: hostdevctl %s%s%s%s\n\n%s\n", command->name, *command->operands ? " " : "",
		command->operands, command->options ? " [OPTIONS]" : "", command->summary);
	if (!command->options)
		return;
	fputs("\n", stdout);
	for (const struct command_option *option = command->options; option->name; option++)
		print_option(option);
}

void command_print_help(const struct command *command)
{
	if (command) {
		print_command_help(command);
	} else {
		fputs("Usage: hostdevctl COMMAND [OPTIONS]\n\nAsks hostdevd about the devices of "
		      "this host, and takes them for virtual machines.\n\n",
			stdout);
		for (size_t i = 0; commands[i]; i++)
			printf("  %-11s %s\n", commands[i]->name, commands[i]->summary);
	}
	print_global_options();
	if (!command)
		fputs("\nExit status: 0 done, 1 failed, 2 usage, 3 not found, 4 none free or busy,"
		      "\n5 not permitted, 6 daemon unreachable, 7 timed out, 8 rules invalid.\n",
			stdout);
}
