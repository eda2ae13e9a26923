/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hostdevctl wait: until a device is there, or one of a group is available. It is a Watch that
 * begins with a snapshot: what is there already and what comes later are the same events.
 */
#include "client.h"
#include "identifier.h"
#include "number.h"
#include "output.h"
#include "show.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { WAIT_GROUP, WAIT_TIMEOUT };

static const struct command_option options[] = {
	[WAIT_GROUP] = {"group", "NAME", "wait until one device of this group is available"},
	[WAIT_TIMEOUT] = {"timeout", "S", "wait at most S seconds, then exit with 7"},
	{0},
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The time at which to give up, in now_ms(); -1: never; -2: text is no time. */
static int64_t read_deadline(const char *text)
{
	int64_t wait_ms;

	if (!text)
		return -1;
	return number_read_seconds("timeout", text, &wait_ms) ? now_ms() + wait_ms : -2;
}

/* Says this event what we wait for? A whole device comes with its group, a device that joins has
 * its state; of other events, a device.changed tells the difference. */
static bool is_it(const struct hostdev_value *event, const char *id, const char *group)
{
	const struct hostdev_value *device = hostdev_value_get(event, "device");
	const char *type = show_text(event, "type");
	bool whole = strcmp(type, "device.added") == 0 || strcmp(type, "device.changed") == 0;
	bool joined = strcmp(type, "group.joined") == 0;

	if (id)
		return (whole || joined) && strcmp(show_text(device, "id"), id) == 0;
	return (whole || joined) && strcmp(show_text(device, "state"), "available") == 0 &&
	       strcmp(show_text(joined ? event : device, "group"), group) == 0;
}

static void print_found(const struct invocation *invocation, const struct hostdev_value *parameters)
{
	const struct hostdev_value *event = hostdev_value_get(parameters, "event");

	if (invocation->json)
		output_json(parameters);
	else
		output_line("%s", show_text(hostdev_value_get(event, "device"), "id"));
}

/* How much longer than its time a wait may take for the answer to what is there now. */
#define GRACE_MS 2000

static int time_left(int64_t deadline)
{
	int64_t left = deadline - now_ms();

	if (deadline < 0)
		return -1;
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

static void complain_late(const char *id, const char *group, const char *seconds)
{
	if (id)
		output_complain("%s did not appear within %s s", id, seconds);
	else
		output_complain(
			"no device of group %s became available within %s s", group, seconds);
}

/* A group may come with the next rules, so it is waited for; but perhaps its name is mistyped. */
static enum exit_status note_missing_group(const struct invocation *invocation, const char *group)
{
	struct hostdev_value *reply;
	enum exit_status status = client_ask(invocation, "ListGroups", NULL, &reply);

	if (status != EXIT_DONE)
		return status;
	if (!show_find(hostdev_value_get(reply, "groups"), "name", group))
		output_complain("there is no group %s now: waiting for it, too", group);
	hostdev_value_unref(reply);
	return EXIT_DONE;
}

static enum exit_status wait_for(const struct invocation *invocation, struct hostdev *connection,
	const char *id, int64_t deadline)
{
	const char *group = invocation->values[WAIT_GROUP];
	const struct hostdev_value *event;
	struct hostdev_value *parameters;
	enum exit_status status = EXIT_DONE;
	bool found = false;
	bool ready = false;
	bool first = true;

	while (!found && status == EXIT_DONE) {
		/* what is there already counts, and its telling takes a moment */
		int left = time_left(ready || deadline < 0 ? deadline : deadline + GRACE_MS);

		/* events that flow without a pause do not stop the clock */
		status = left == 0 ? EXIT_TIMED_OUT
				   : client_next(invocation, connection, left, first, &parameters);
		if (status == EXIT_TIMED_OUT)
			complain_late(id, group, invocation->values[WAIT_TIMEOUT]);
		if (status != EXIT_DONE)
			return status;
		first = false;
		event = hostdev_value_get(parameters, "event");
		found = is_it(event, id, group);
		if (found)
			print_found(invocation, parameters);
		else if (!ready && strcmp(show_text(event, "type"), "ready") == 0) {
			ready = true;
			status = group ? note_missing_group(invocation, group) : EXIT_DONE;
		}
		hostdev_value_unref(parameters);
	}
	return status;
}

static struct hostdev_value *watch_parameters(const char *group)
{
	struct hostdev_value *parameters =
		client_parameter(NULL, "snapshot", hostdev_value_new_boolean(true));
	struct hostdev_value *groups;

	if (!group)
		return parameters;
	groups = output_must(hostdev_value_new_array());
	if (hostdev_value_append(groups, hostdev_value_new_text(group)) < 0)
		groups = hostdev_value_unref(groups);
	return client_parameter(parameters, "groups", groups);
}

static enum exit_status run(const struct invocation *invocation)
{
	const char *text = invocation->operands[0], *group = invocation->values[WAIT_GROUP];
	int64_t deadline = read_deadline(invocation->values[WAIT_TIMEOUT]);
	struct hostdev *connection;
	enum exit_status status;
	char *id;

	if (!text == !group) {
		output_complain("wait: either the ID of a device or --group NAME");
		return EXIT_USAGE;
	}
	if (deadline == -2)
		return EXIT_USAGE;
	status = client_watch(invocation, watch_parameters(group), &connection);
	if (status != EXIT_DONE)
		return status;
	id = text ? identifier_resolve(text) : NULL;
	status = wait_for(invocation, connection, id, deadline);
	free(id);
	hostdev_disconnect(connection);
	return status;
}

const struct command command_wait = {
	.name = "wait",
	.operands = "ID | --group NAME",
	.summary = "Wait until a device is there, or one of a group is available",
	.options = options,
	.operands_most = 1,
	.run = run,
};
