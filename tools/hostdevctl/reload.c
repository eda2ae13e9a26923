/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hostdevctl reload: have the daemon read its rules again, and see what moved. */
#include "client.h"
#include "output.h"
#include "show.h"

#include <stdio.h>

static void print_move(const struct hostdev_value *move)
{
	const char *from = show_text(move, "from");
	const char *to = show_text(move, "to");

	output_line("%s: %s -> %s", show_text(move, "device"), *from ? from : "no group",
		*to ? to : "no group");
}

static void print(const struct hostdev_value *parameters)
{
	const struct hostdev_value *moves = hostdev_value_get(parameters, "moves");
	const struct hostdev_value *findings = hostdev_value_get(parameters, "findings");

	for (size_t i = 0; i < hostdev_value_count(findings); i++)
		show_place(stdout, hostdev_value_at(findings, i));
	for (size_t i = 0; i < hostdev_value_count(moves); i++)
		print_move(hostdev_value_at(moves, i));
	printf("rules reloaded, devices moved: %zu\n", hostdev_value_count(moves));
}

static enum exit_status run(const struct invocation *invocation)
{
	return client_show(invocation, "Reload", NULL, NULL, print);
}

const struct command command_reload = {
	.name = "reload",
	.operands = "",
	.summary = "Read the rules again; with an error in them, nothing changes",
	.run = run,
};
