/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instances: naming one among arguments, and printing them. */
#include "instance.h"

#include "client.h"
#include "identifier.h"
#include "output.h"
#include "show.h"
#include "table.h"

#include <stdio.h>
#include <string.h>

static bool is_id(const char *text)
{
	return strncmp(text, "i-", 2) == 0 && text[2] && !text[2 + strspn(text + 2, "0123456789")];
}

/* What the list of instances says of a device. */
struct held {
	const char *id;	   /* of the instance that has it; else the first that misses it; or NULL */
	size_t candidates; /* how many it could be */
};

/*
 * By the list, not by the device's own `instance`: one that is pulled has its instance still. But
 * where another stands in its place, whoever has that one now is meant.
 */
static struct held find(const struct hostdev_value *instances, const char *device)
{
	struct held held = {0};

	for (size_t i = 0; i < hostdev_value_count(instances); i++) {
		const struct hostdev_value *instance = hostdev_value_at(instances, i);

		if (strcmp(show_text(instance, "device"), device) != 0)
			continue;
		if (strcmp(show_text(instance, "state"), "missing") != 0)
			return (struct held){show_text(instance, "id"), 1};
		if (held.candidates++ == 0)
			held.id = show_text(instance, "id");
	}
	return held;
}

static void complain_of_several(const struct hostdev_value *instances, const char *device)
{
	char *names = NULL;

	for (size_t i = 0; i < hostdev_value_count(instances); i++) {
		const struct hostdev_value *instance = hostdev_value_at(instances, i);

		if (strcmp(show_text(instance, "device"), device) == 0)
			names = output_join(names, ", ", show_text(instance, "id"));
	}
	output_complain(
		"several instances miss %s: name the one that you mean of %s", device, names);
	free(names);
}

static enum exit_status choose(
	const struct hostdev_value *instances, const char *device, char **ret_id)
{
	struct held held = find(instances, device);

	if (held.candidates == 1) {
		*ret_id = output_must(strdup(held.id));
		return EXIT_DONE;
	}
	if (held.candidates > 1) {
		complain_of_several(instances, device);
		return EXIT_FAILED;
	}
	output_complain("%s is no instance; `hostdevctl instances` lists them", device);
	return EXIT_NOT_FOUND;
}

/*
 * The id of the instance that text names: one like i-7 itself, or that of the device which text
 * stands for, else the only one that misses a device of that id. On EXIT_DONE the caller frees it;
 * otherwise a message has been printed.
 */
static enum exit_status resolve(
	const struct invocation *invocation, const char *text, char **ret_id)
{
	struct hostdev_value *reply;
	enum exit_status status;
	char *device;

	if (is_id(text)) {
		*ret_id = output_must(strdup(text));
		return EXIT_DONE;
	}
	status = client_ask(invocation, "ListInstances", NULL, &reply);
	if (status != EXIT_DONE)
		return status;
	device = identifier_resolve(text);
	status = choose(hostdev_value_get(reply, "instances"), device, ret_id);
	free(device);
	hostdev_value_unref(reply);
	return status;
}

enum exit_status instance_change(
	const struct invocation *invocation, const char *method, const char *vm)
{
	struct hostdev_value *parameters;
	char *id;
	enum exit_status status = resolve(invocation, invocation->operands[0], &id);

	if (status != EXIT_DONE)
		return status;
	parameters = client_parameter(NULL, "instance", hostdev_value_new_text(id));
	free(id);
	client_name(parameters, "vm", vm);
	return client_show(invocation, method, parameters, "instance", show_object);
}

/* Its life, with the process that it is that of. */
static char *format_life(const struct hostdev_value *instance, const char *life, const char *pid)
{
	char *name = show_line(hostdev_value_get(instance, life));
	char *number = show_line(hostdev_value_get(instance, pid));
	char *both = output_format("%s%s%s", name, *number ? " " : "", number);

	free(name);
	free(number);
	return both;
}

static void add_row(struct table *table, const struct hostdev_value *instance)
{
	bool used = hostdev_value_get(instance, "vm_life");
	char *life = format_life(instance, used ? "vm_life" : "life", used ? "vm_pid" : "pid");
	const char *const cells[] = {
		show_text(instance, "id"),
		show_text(instance, "device"),
		show_text(instance, "state"),
		show_text(instance, "group"),
		show_text(instance, "tenant"),
		show_text(instance, "vm"),
		life,
	};

	table_add(table, cells);
	free(life);
}

void instance_print_all(const struct hostdev_value *instances)
{
	static const char *const headers[] = {
		"INSTANCE", "DEVICE", "STATE", "GROUP", "TENANT", "VM", "LIFE", NULL};
	struct table *table = table_new(headers);

	for (size_t i = 0; i < hostdev_value_count(instances); i++)
		add_row(table, hostdev_value_at(instances, i));
	table_print_free(table);
}

bool instance_print_attach(const struct hostdev_value *instance, const char *format)
{
	const char *line = show_text(hostdev_value_get(instance, "attach"), format);

	if (*line)
		output_line("%s", line);
	else
		output_complain("instance %s (%s) has nothing to attach for %s",
			show_text(instance, "id"), show_text(instance, "device"), format);
	return *line;
}

enum exit_status instance_add_target(
	const struct invocation *invocation, int vm, int tenant, struct hostdev_value *parameters)
{
	const char *text = invocation->operands[0];
	const char *of_vm = invocation->values[vm];
	const char *of_tenant = invocation->values[tenant];
	enum exit_status status;
	char *id;

	if (!text == !(of_vm || of_tenant)) {
		output_complain(
			"%s: either an INSTANCE, or --vm or --tenant", invocation->command->name);
		return EXIT_USAGE;
	}
	client_name(parameters, "vm", of_vm);
	client_name(parameters, "tenant", of_tenant);
	if (!text)
		return EXIT_DONE;
	status = resolve(invocation, text, &id);
	if (status == EXIT_DONE) {
		client_parameter(parameters, "instance", hostdev_value_new_text(id));
		free(id);
	}
	return status;
}
