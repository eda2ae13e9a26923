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

static void print_list(const struct hostdev_value *groups)
{
	static const char *const headers[] = {"NAME", "KIND", "DEVICES", "AVAILABLE", "CLAIMED",
		"PREPARING", "BLOCKED", "FAILED", "MISSING", NULL};
	static const char *const keys[] = {"name", "kind", "devices", "available", "claimed",
		"preparing", "blocked", "failed", "missing"};

	table_print_free(show_table(groups, headers, keys));
}

static void print_devices(const struct hostdev_value *devices)
{
	if (hostdev_value_count(devices) == 0)
		return;
	putchar('\n');
	show_devices(devices);
}

static void print_instances(const struct hostdev_value *instances)
{
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
	group = show_find(hostdev_value_get(groups, "groups"), "name", name);
	if (!group) {
		output_complain("no group %s; `hostdevctl groups` lists what is there", name);
		status = EXIT_NOT_FOUND;
	} else if (!invocation->json) {
		show_object(group);
	}
	hostdev_value_unref(groups);
	if (status == EXIT_DONE)
		status = client_show(
			invocation, "ListDevices", of_group(name), "devices", print_devices);
	if (status == EXIT_DONE && !invocation->json)
		status = client_show(
			invocation, "ListInstances", of_group(name), "instances", print_instances);
	return status;
}

static enum exit_status run(const struct invocation *invocation)
{
	if (invocation->operands[0])
		return run_one(invocation, invocation->operands[0]);
	return client_show(invocation, "ListGroups", NULL, "groups", print_list);
}

const struct command command_groups = {
	.name = "groups",
	.operands = "[NAME]",
	.summary = "The resource groups and their counts, or one, its devices and instances",
	.operands_most = 1,
	.run = run,
};
