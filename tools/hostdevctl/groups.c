/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hostdevctl groups: all resource groups with their counts, or one with its devices and instances.
 */
#include "client.h"
#include "instance.h"
#include "output.h"
#include "show.h"
#include "table.h"

#include <stdio.h>
#include <string.h>

static void print_list(const struct hostdev_value *parameters)
{
	static const char *const headers[] = {"NAME", "KIND", "DEVICES", "AVAILABLE", "CLAIMED",
		"PREPARING", "BLOCKED", "FAILED", "MISSING", NULL};
	static const char *const keys[] = {"name", "kind", "devices", "available", "claimed",
		"preparing", "blocked", "failed", "missing"};
	enum { COLUMNS = sizeof(keys) / sizeof(*keys) };
	const struct hostdev_value *groups = hostdev_value_get(parameters, "groups");
	struct table *table = table_new(headers);

	for (size_t i = 0; i < hostdev_value_count(groups); i++) {
		const struct hostdev_value *group = hostdev_value_at(groups, i);
		char *cells[COLUMNS];

		for (size_t j = 0; j < COLUMNS; j++)
			cells[j] = show_line(hostdev_value_get(group, keys[j]));
		table_add(table, (const char *const *)cells);
		for (size_t j = 0; j < COLUMNS; j++)
			free(cells[j]);
	}
	table_print(table);
	table_free(table);
}

static const struct hostdev_value *find(const struct hostdev_value *parameters, const char *name)
{
	const struct hostdev_value *group =
		show_find(hostdev_value_get(parameters, "groups"), "name", name);

	if (!group)
		output_complain("no group %s; `hostdevctl groups` lists what is there", name);
	return group;
}

static void print_devices(const struct hostdev_value *parameters)
{
	const struct hostdev_value *devices = hostdev_value_get(parameters, "devices");

	if (hostdev_value_count(devices) == 0)
		return;
	putchar('\n');
	show_devices(devices);
}

static void print_instances(const struct hostdev_value *parameters)
{
	const struct hostdev_value *instances = hostdev_value_get(parameters, "instances");

	if (hostdev_value_count(instances) == 0)
		return;
	putchar('\n');
	instance_print_all(instances);
}

static struct hostdev_value *of_group(const char *name)
{
	return client_parameter(NULL, "group", hostdev_value_new_text(name));
}

/* The JSON of one group is the list of its devices, for that reply has what ListGroups lacks. */
static enum exit_status run_one(const struct invocation *invocation, const char *name)
{
	struct hostdev_value *groups;
	const struct hostdev_value *group;
	enum exit_status status = client_ask(invocation, "ListGroups", NULL, &groups);

	if (status != EXIT_DONE)
		return status;
	group = find(groups, name);
	if (group && !invocation->json)
		show_object(group, 0);
	if (group)
		status = client_show(invocation, "ListDevices", of_group(name), print_devices);
	if (group && status == EXIT_DONE && !invocation->json)
		status = client_show(invocation, "ListInstances", of_group(name), print_instances);
	hostdev_value_unref(groups);
	return group ? status : EXIT_NOT_FOUND;
}

static enum exit_status run(const struct invocation *invocation)
{
	if (invocation->operands[0])
		return run_one(invocation, invocation->operands[0]);
	return client_show(invocation, "ListGroups", NULL, print_list);
}

const struct command command_groups = {
	.name = "groups",
	.operands = "[NAME]",
	.summary = "The resource groups and their counts, or one, its devices and instances",
	.operands_most = 1,
	.run = run,
};
