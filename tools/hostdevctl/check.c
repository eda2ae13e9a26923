/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hostdevctl check: would the daemon accept these rule files? */
#include "daemon.h"
#include "output.h"
#include "show.h"

#include <limits.h>
#include <stdio.h>

/* hostdevd's arguments, an array that belongs to the caller. */
static const char **make_arguments(const struct invocation *invocation)
{
	size_t size = 4 + 2 * (size_t)invocation->operand_count;
	const char **arguments = output_must(calloc(size, sizeof(*arguments)));
	size_t count = 0;

	arguments[count++] = "hostdevd";
	arguments[count++] = "--check";
	arguments[count++] = "--json";
	for (int i = 0; i < invocation->operand_count; i++) {
		arguments[count++] = "--rules";
		arguments[count++] = invocation->operands[i];
	}
	return arguments;
}

static void print_list(const struct hostdev_value *list)
{
	for (size_t i = 0; i < hostdev_value_count(list); i++)
		show_place(stdout, hostdev_value_at(list, i));
}

static void print(const struct hostdev_value *result, bool valid)
{
	char *groups = show_line(hostdev_value_get(result, "groups"));
	char *rules = show_line(hostdev_value_get(result, "rules"));

	print_list(hostdev_value_get(result, "errors"));
	print_list(hostdev_value_get(result, "findings"));
	if (valid)
		printf("valid: %s groups, %s rules\n", groups, rules);
	else
		printf("invalid, errors: %zu\n",
			hostdev_value_count(hostdev_value_get(result, "errors")));
	free(groups);
	free(rules);
}

static enum exit_status run(const struct invocation *invocation)
{
	const char **arguments = make_arguments(invocation);
	struct hostdev_value *result;
	enum exit_status status = daemon_ask(arguments, &result);
	bool valid;

	free(arguments);
	if (status != EXIT_DONE)
		return status;
	valid = hostdev_value_boolean(hostdev_value_get(result, "valid"));
	if (invocation->json)
		output_json(result);
	else
		print(result, valid);
	hostdev_value_unref(result);
	return valid ? EXIT_DONE : EXIT_INVALID;
}

const struct command command_check = {
	.name = "check",
	.operands = "[DIR...]",
	.summary = "Are the rule files (of these directories) valid? (no daemon needed)",
	.operands_most = INT_MAX,
	.run = run,
};
