/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hostdevctl rules: all rules in the order in which they decide. */
#include "client.h"
#include "output.h"
#include "show.h"
#include "table.h"

static void add_rule(struct table *table, const struct hostdev_value *rule)
{
	const struct hostdev_value *enabled = hostdev_value_get(rule, "enabled");
	char *number = show_line(hostdev_value_get(rule, "number"));
	char *matches = show_line(hostdev_value_get(rule, "matches"));
	char *match = show_line(hostdev_value_get(rule, "match"));
	const char *const cells[] = {
		number,
		show_text(rule, "group"),
		show_text(rule, "name"),
		hostdev_value_boolean(enabled) ? "enabled" : "disabled",
		matches,
		match,
	};

	table_add(table, cells);
	free(number);
	free(matches);
	free(match);
}

static void print(const struct hostdev_value *rules)
{
	static const char *const headers[] = {
		"NUMBER", "GROUP", "NAME", "ENABLED", "MATCHES", "MATCH", NULL};
	struct table *table = table_new(headers);

	for (size_t i = 0; i < hostdev_value_count(rules); i++)
		add_rule(table, hostdev_value_at(rules, i));
	table_keep_whole(table);
	table_print_free(table);
}

static enum exit_status run(const struct invocation *invocation)
{
	return client_show(invocation, "ListRules", NULL, "rules", print);
}

const struct command command_rules = {
	.name = "rules",
	.operands = "",
	.summary = "The rules in their order, and how many devices each decides",
	.run = run,
};
