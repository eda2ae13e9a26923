/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hostdevctl claim: devices of a group, for a VM or a tenant.
 *
 * With --hold the claim lives as long as this program's connection, so whatever ends it, a signal
 * or kill -9, gives the devices back. While it waits for a device a signal ends the program, too:
 * the connection closes, and its place in the queue is free.
 */
#include "client.h"
#include "identifier.h"
#include "instance.h"
#include "number.h"
#include "output.h"
#include "show.h"

#include <signal.h>
#include <string.h>

enum {
	CLAIM_VM,
	CLAIM_TENANT,
	CLAIM_DEVICE,
	CLAIM_COUNT,
	CLAIM_NUMA,
	CLAIM_WAIT,
	CLAIM_PID,
	CLAIM_HOLD,
	CLAIM_TOKEN,
	CLAIM_FORMAT,
};

static const struct command_option options[] = {
	[CLAIM_VM] = {"vm", "NAME", "for this VM; with --tenant: of what that has"},
	[CLAIM_TENANT] = {"tenant", "NAME", "for this tenant"},
	[CLAIM_DEVICE] = {"device", "ID", "this device of the group"},
	[CLAIM_COUNT] = {"count", "N", "so many, or none; 1 if it is left out"},
	[CLAIM_NUMA] = {"numa", "N", "of this NUMA node, if it can be"},
	[CLAIM_WAIT] = {"wait", "S", "wait at most S seconds for them, then exit with 7"},
	[CLAIM_PID] = {"pid", "P", "until this process ends; without it: until released"},
	[CLAIM_HOLD] = {"hold", NULL, "until this program ends, which waits to be ended"},
	[CLAIM_TOKEN] = {"token", "TEXT", "the same again gets the same devices again"},
	[CLAIM_FORMAT] = {"format", "F", "json, or how to attach them: qemu, libvirt"},
	{0},
};

static bool add_number(struct hostdev_value *parameters, const struct invocation *invocation,
	int option, const char *key, int64_t least)
{
	const char *text = invocation->values[option];
	int64_t number;

	if (!text)
		return true;
	if (!number_read(options[option].name, text, least, &number))
		return false;
	client_parameter(parameters, key, hostdev_value_new_integer(number));
	return true;
}

static bool add_wait(struct hostdev_value *parameters, const struct invocation *invocation)
{
	const char *text = invocation->values[CLAIM_WAIT];
	int64_t wait_ms;

	if (!text)
		return true;
	if (!number_read_seconds("wait", text, &wait_ms))
		return false;
	client_parameter(parameters, "wait_ms", hostdev_value_new_integer(wait_ms));
	return true;
}

static bool add_choice(struct hostdev_value *parameters, const struct invocation *invocation)
{
	const char *device = invocation->values[CLAIM_DEVICE];
	char *id;

	client_parameter(parameters, "group", hostdev_value_new_text(invocation->operands[0]));
	if (device) {
		id = identifier_resolve(device);
		client_parameter(parameters, "device", hostdev_value_new_text(id));
		free(id);
	}
	return add_number(parameters, invocation, CLAIM_COUNT, "count", 1) &&
	       add_number(parameters, invocation, CLAIM_NUMA, "numa_node", 0);
}

static bool add_life(struct hostdev_value *parameters, const struct invocation *invocation)
{
	if (invocation->values[CLAIM_HOLD])
		client_parameter(parameters, "life", hostdev_value_new_text("connection"));
	return add_number(parameters, invocation, CLAIM_PID, "pid", 1);
}

/* False: a value is none, and a message said so. */
static bool add_parameters(struct hostdev_value *parameters, const struct invocation *invocation)
{
	client_name(parameters, "vm", invocation->values[CLAIM_VM]);
	client_name(parameters, "tenant", invocation->values[CLAIM_TENANT]);
	client_name(parameters, "token", invocation->values[CLAIM_TOKEN]);
	return add_choice(parameters, invocation) && add_wait(parameters, invocation) &&
	       add_life(parameters, invocation);
}

static bool check(const struct invocation *invocation)
{
	const char *format = invocation->values[CLAIM_FORMAT];

	if (!invocation->values[CLAIM_VM] && !invocation->values[CLAIM_TENANT])
		output_complain("claim: for whom? --vm NAME or --tenant NAME");
	else if (invocation->values[CLAIM_PID] && invocation->values[CLAIM_HOLD])
		output_complain("claim: either --pid or --hold, not both");
	else if (format && strcmp(format, "json") != 0 && strcmp(format, "qemu") != 0 &&
		 strcmp(format, "libvirt") != 0)
		output_complain("claim: --format %s: it must be json, qemu or libvirt", format);
	else
		return true;
	return false;
}

/* The parameter of each instance on a line. False: one has none. */
static bool print_attach(const struct hostdev_value *instances, const char *format)
{
	bool all = true;

	for (size_t i = 0; i < hostdev_value_count(instances); i++)
		all = instance_print_attach(hostdev_value_at(instances, i), format) && all;
	return all;
}

static bool print(const struct invocation *invocation, const struct hostdev_value *reply)
{
	const struct hostdev_value *instances = hostdev_value_get(reply, "instances");
	const char *format = invocation->values[CLAIM_FORMAT];
	bool printed = true;

	if (invocation->json || (format && strcmp(format, "json") == 0))
		output_json(reply);
	else if (format)
		printed = print_attach(instances, format);
	else
		instance_print_all(instances);
	return output_flush() && printed;
}

/* Until the daemon goes away; a signal ends the program, and with it the claim. */
static enum exit_status hold(const struct invocation *invocation, struct hostdev *connection)
{
	client_await_end(connection);
	output_complain(
		"the daemon at %s went away; it keeps the claim only until this program ends",
		hostdev_socket_path(invocation->socket));
	return EXIT_UNREACHABLE;
}

/* What could not be read is claimed still, unless the end of this program gives it back. */
static void tell_how_to_give_back(
	const struct invocation *invocation, const struct hostdev_value *instances)
{
	bool assigned = invocation->values[CLAIM_VM] && invocation->values[CLAIM_TENANT];
	const char *way = assigned ? "unassign" : "release";
	char *how = NULL;

	if (invocation->values[CLAIM_HOLD] || hostdev_value_count(instances) == 0)
		return;
	for (size_t i = 0; i < hostdev_value_count(instances); i++) {
		char *command = output_format(
			"hostdevctl %s %s", way, show_text(hostdev_value_at(instances, i), "id"));

		how = output_join(how, "; ", command);
		free(command);
	}
	output_complain("the claim stands all the same; to give it back: %s", how);
	free(how);
}

/* Prints the reply of a claim, and holds that if it is to be held. */
static enum exit_status hand_over(const struct invocation *invocation, struct hostdev *connection,
	const struct hostdev_value *reply)
{
	if (!print(invocation, reply)) {
		tell_how_to_give_back(invocation, hostdev_value_get(reply, "instances"));
		return EXIT_FAILED;
	}
	return invocation->values[CLAIM_HOLD] ? hold(invocation, connection) : EXIT_DONE;
}

static enum exit_status claim(
	const struct invocation *invocation, const struct hostdev_value *parameters)
{
	struct hostdev_value *reply;
	struct hostdev *connection;
	enum exit_status status = client_connect(invocation, &connection);

	if (status != EXIT_DONE)
		return status;
	/* a reader that went must not end us before the ids are told */
	signal(SIGPIPE, SIG_IGN);
	status = client_call(invocation, connection, "Claim", parameters, &reply);
	if (status == EXIT_DONE) {
		status = hand_over(invocation, connection, reply);
		hostdev_value_unref(reply);
	}
	hostdev_disconnect(connection);
	return status;
}

static enum exit_status run(const struct invocation *invocation)
{
	struct hostdev_value *parameters;
	enum exit_status status = EXIT_USAGE;

	if (!check(invocation))
		return EXIT_USAGE;
	parameters = output_must(hostdev_value_new_object());
	if (add_parameters(parameters, invocation))
		status = claim(invocation, parameters);
	hostdev_value_unref(parameters);
	return status;
}

const struct command command_claim = {
	.name = "claim",
	.operands = "GROUP (--vm V | --tenant T [--vm V])",
	.summary = "Take devices of a group for a VM or a tenant",
	.options = options,
	.operands_least = 1,
	.operands_most = 1,
	.run = run,
};
