/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hostdevctl explain: why a device is in its group, rule by rule and condition by condition. */
#include "client.h"
#include "output.h"
#include "show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The word under which a condition nests others; NULL if it is one of field and value. */
static const char *nesting(const struct hostdev_value *condition)
{
	static const char *const words[] = {"any", "all", "not"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (hostdev_value_get(condition, words[i]))
			return words[i];
	return NULL;
}

/* The daemon tells it for each field; for what nests it follows from what is in there. */
static bool holds(const struct hostdev_value *condition)
{
	const char *word = nesting(condition);
	const struct hostdev_value *inner;
	size_t held = 0;

	if (!word)
		return hostdev_value_boolean(hostdev_value_get(condition, "holds"));
	inner = hostdev_value_get(condition, word);
	for (size_t i = 0; i < hostdev_value_count(inner); i++)
		held += holds(hostdev_value_at(inner, i));
	if (strcmp(word, "any") == 0)
		return held > 0;
	if (strcmp(word, "not") == 0)
		return held == 0;
	return held == hostdev_value_count(inner);
}

static void print_comparison(const struct hostdev_value *condition)
{
	const char *field = show_text(condition, "field");
	const char *how = show_text(condition, "operator");
	const char *expected = show_text(condition, "expected");

	if (hostdev_value_get(condition, "actual"))
		output_line("%s %s \"%s\" (it is \"%s\")", field, how, expected,
			show_text(condition, "actual"));
	else
		output_line("%s %s \"%s\" (it is absent)", field, how, expected);
}

static void print_conditions(const struct hostdev_value *conditions, int indent)
{
	for (size_t i = 0; i < hostdev_value_count(conditions); i++) {
		const struct hostdev_value *condition = hostdev_value_at(conditions, i);
		const char *word = nesting(condition);

		printf("%*s%-4s ", indent, "", holds(condition) ? "yes" : "no");
		if (word) {
			printf("%s of\n", word);
			print_conditions(hostdev_value_get(condition, word), indent + 5);
		} else {
			print_comparison(condition);
		}
	}
}

static void print_verdict(const struct hostdev_value *verdict)
{
	bool enabled = hostdev_value_boolean(hostdev_value_get(verdict, "enabled"));
	bool held = hostdev_value_boolean(hostdev_value_get(verdict, "holds"));
	output_line("rule %" PRId64 ", %s of group %s%s: %s",
		hostdev_value_integer(hostdev_value_get(verdict, "number")),
		show_text(verdict, "rule"), show_text(verdict, "group"),
		enabled ? "" : " (disabled, decides nothing)", held ? "holds" : "does not hold");
	print_conditions(hostdev_value_get(verdict, "conditions"), 2);
}

static void print_device(const struct hostdev_value *device)
{
	const char *id = hostdev_value_text(device);
	const char *name = show_text(device, "name");

	output_line("%s%s%s", id ? id : show_text(device, "id"), *name ? " " : "", name);
}

static void print(const struct hostdev_value *parameters)
{
	const struct hostdev_value *verdicts = hostdev_value_get(parameters, "verdicts");
	const char *group = show_text(parameters, "group");
	const char *rule = show_text(parameters, "rule");

	print_device(hostdev_value_get(parameters, "device"));
	for (size_t i = 0; i < hostdev_value_count(verdicts); i++)
		print_verdict(hostdev_value_at(verdicts, i));
	if (*group)
		output_line("=> in group %s%s%s", group, *rule ? ", by rule " : "", rule);
	else
		puts("=> in no group: no rule holds");
}

static enum exit_status run(const struct invocation *invocation)
{
	return client_show(
		invocation, "Explain", client_device(invocation->operands[0]), NULL, print);
}

const struct command command_explain = {
	.name = "explain",
	.operands = "ID",
	.summary = "Why a device is in its group: every rule, every condition",
	.operands_least = 1,
	.operands_most = 1,
	.run = run,
};
