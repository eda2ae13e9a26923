/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hostdevctl fields: what rules can ask of a device. */
#include "daemon.h"
#include "output.h"
#include "show.h"
#include "table.h"

#include <string.h>

/* The fields of one kind as an object like the one given, which belongs to the caller. */
static struct hostdev_value *only_kind(const struct hostdev_value *value, const char *kind)
{
	const struct hostdev_value *fields = hostdev_value_get(value, "fields");
	struct hostdev_value *some = output_must(hostdev_value_new_array());
	struct hostdev_value *result = output_must(hostdev_value_new_object());

	for (size_t i = 0; i < hostdev_value_count(fields); i++) {
		const struct hostdev_value *field = hostdev_value_at(fields, i);

		if (strcmp(show_text(field, "kind"), kind) == 0 &&
			hostdev_value_append(some, hostdev_value_ref(field)) < 0)
			output_must(NULL);
	}
	if (hostdev_value_set(result, "fields", some) < 0)
		output_must(NULL);
	return result;
}

static void print_table(const struct hostdev_value *fields)
{
	static const char *const headers[] = {
		"KIND", "NAME", "TYPE", "SOURCE", "DESCRIPTION", NULL};
	static const char *const keys[] = {"kind", "name", "type", "source", "description"};
	struct table *table = show_table(fields, headers, keys);

	table_keep_whole(table);
	table_print_free(table);
}

static enum exit_status run(const struct invocation *invocation)
{
	const char *const arguments[] = {"hostdevd", "--fields", "--json", NULL};
	const char *kind = invocation->operands[0];
	struct hostdev_value *all, *some;
	enum exit_status status = daemon_ask(arguments, &all);

	if (status != EXIT_DONE)
		return status;
	some = kind ? only_kind(all, kind) : hostdev_value_ref(all);
	if (kind && hostdev_value_count(hostdev_value_get(some, "fields")) == 0) {
		output_complain("no kind %s; `hostdevctl fields` shows all", kind);
		status = EXIT_NOT_FOUND;
	} else if (invocation->json) {
		output_json(some);
	} else {
		print_table(hostdev_value_get(some, "fields"));
	}
	hostdev_value_unref(some);
	hostdev_value_unref(all);
	return status;
}

const struct command command_fields = {
	.name = "fields",
	.operands = "[KIND]",
	.summary = "The fields that rules can use, of all kinds or one (no daemon needed)",
	.operands_most = 1,
	.run = run,
};
