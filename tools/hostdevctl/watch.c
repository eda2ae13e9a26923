/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hostdevctl watch: the daemon's events, until one of us ends. It does not connect again: who must
 * not miss anything keeps EPOCH:SEQ and comes back with --since, and knows then what came between.
 */
#include "client.h"
#include "output.h"
#include "program.h"
#include "show.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WATCH_SNAPSHOT, WATCH_SINCE, WATCH_EXEC };

static const struct command_option options[] = {
	[WATCH_SNAPSHOT] = {"snapshot", NULL, "first what is there now, then the changes"},
	[WATCH_SINCE] = {"since", "EPOCH:SEQ",
		"first the events after that one; see `ready` lines"},
	[WATCH_EXEC] = {"exec", "PROGRAM", "run it for each event, which is its input as JSON"},
	{0},
};

static void print_time(int64_t usec)
{
	time_t seconds = (time_t)(usec / 1000000);
	struct tm parts;
	char text[16];

	localtime_r(&seconds, &parts);
	strftime(text, sizeof(text), "%H:%M:%S", &parts);
	fputs(text, stdout);
}

/* Prints ` LABELVALUE`, if there is a value. */
static void print_part(const char *label, const struct hostdev_value *value)
{
	char *line = show_line(value);

	if (*line)
		printf(" %s%s", label, line);
	free(line);
}

/* What is behind a name in `changed`: a member of the device, or KIND.FIELD. */
static const struct hostdev_value *find_changed(
	const struct hostdev_value *device, const char *name)
{
	const char *dot = strchr(name, '.');
	const struct hostdev_value *value;
	char *kind;

	if (!dot)
		return hostdev_value_get(device, name);
	kind = output_must(strndup(name, (size_t)(dot - name)));
	value = hostdev_value_get(
		hostdev_value_get(hostdev_value_get(device, "fields"), kind), dot + 1);
	free(kind);
	return value;
}

static void print_changed(const struct hostdev_value *event)
{
	const struct hostdev_value *changed = hostdev_value_get(event, "changed");
	const struct hostdev_value *device = hostdev_value_get(event, "device");

	for (size_t i = 0; i < hostdev_value_count(changed); i++) {
		const char *name = hostdev_value_text(hostdev_value_at(changed, i));
		char *value = show_line(find_changed(device, name ? name : ""));

		print_part("", hostdev_value_at(changed, i));
		printf("=\"%s\"", value);
		free(value);
	}
}

static void print_instance(const struct hostdev_value *instance)
{
	print_part("", hostdev_value_get(instance, "id"));
	print_part("", hostdev_value_get(instance, "device"));
	print_part("tenant ", hostdev_value_get(instance, "tenant"));
	print_part("vm ", hostdev_value_get(instance, "vm"));
	print_part("", hostdev_value_get(instance, "state"));
}

/* HH:MM:SS TYPE, then whatever the event has. */
static void print_event(const struct hostdev_value *event)
{
	const struct hostdev_value *device = hostdev_value_get(event, "device");
	const char *type = show_text(event, "type");
	bool added = strcmp(type, "device.added") == 0;

	print_time(hostdev_value_integer(hostdev_value_get(event, "usec")));
	print_part("", hostdev_value_get(event, "type"));
	if (strcmp(type, "ready") == 0) {
		print_part("", hostdev_value_get(event, "epoch"));
		printf(":%" PRId64, hostdev_value_integer(hostdev_value_get(event, "seq")));
	}
	print_part("", hostdev_value_get(device, "id"));
	print_part("", hostdev_value_get(device, "state"));
	print_part("", hostdev_value_get(added ? device : event, "group"));
	print_part("rule ", hostdev_value_get(event, "rule"));
	print_instance(hostdev_value_get(event, "instance"));
	print_changed(event);
	if (added)
		print_part("", hostdev_value_get(device, "name"));
	putchar('\n');
}

static void run_program(const char *program, const struct hostdev_value *event)
{
	char *json = output_must(hostdev_value_dump(event));
	const char *type = show_text(event, "type");
	int wait_status = 0;
	int r = program_feed(program, json, &wait_status);

	if (r < 0)
		output_complain("%s for %s: %s", program, type, strerror(-r));
	else if (WIFSIGNALED(wait_status))
		output_complain("%s for %s: killed by signal %d (%s)", program, type,
			WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
	else if (WEXITSTATUS(wait_status) != 0)
		output_complain(
			"%s for %s: exit status %d", program, type, WEXITSTATUS(wait_status));
	free(json);
}

/* Hands one event on. False: there is none, or nobody can read it any more; a message said so. */
static bool hand_on(const struct invocation *invocation, const struct hostdev_value *event)
{
	const char *program = invocation->values[WATCH_EXEC];

	if (hostdev_value_type(event) != HOSTDEV_OBJECT) {
		output_complain("the daemon sent a reply without an event");
		return false;
	}
	if (program)
		run_program(program, event);
	else if (invocation->json)
		output_json(event);
	else
		print_event(event);
	return output_flush();
}

/* Reads EPOCH:SEQ into the parameters `epoch` and `since`. */
static bool read_since(const char *text, struct hostdev_value *parameters)
{
	const char *colon = strrchr(text, ':');
	char *end = NULL, *epoch;
	int64_t since;

	errno = 0;
	since = colon ? strtoll(colon + 1, &end, 10) : 0;
	if (!colon || colon == text || end == colon + 1 || *end || errno || since < 0) {
		output_complain("--since %s: it must be EPOCH:SEQ, as `ready` lines have it", text);
		return false;
	}
	epoch = output_must(strndup(text, (size_t)(colon - text)));
	client_parameter(parameters, "epoch", hostdev_value_new_text(epoch));
	client_parameter(parameters, "since", hostdev_value_new_integer(since));
	free(epoch);
	return true;
}

/* The next event. An idle daemon must not keep us where a reader has gone; a program that is run
 * for each event goes on without one. */
static enum exit_status await(const struct invocation *invocation, struct hostdev *connection,
	bool first, struct hostdev_value **ret_reply)
{
	struct pollfd watched[] = {
		{.fd = hostdev_get_fd(connection)},
		{.fd = invocation->values[WATCH_EXEC] ? -1 : STDOUT_FILENO},
	};
	enum exit_status status;

	/* what the library has already is nothing to poll for: it is asked first */
	while ((status = client_next(invocation, connection, 0, first, ret_reply)) ==
		EXIT_TIMED_OUT) {
		watched[0].events = hostdev_get_events(connection);
		if (poll(watched, 2, -1) > 0 && watched[1].revents & (POLLERR | POLLHUP)) {
			raise(SIGPIPE); /* as the next line would */
			return EXIT_FAILED;
		}
	}
	return status;
}

static enum exit_status run(const struct invocation *invocation)
{
	struct hostdev_value *parameters = output_must(hostdev_value_new_object());
	struct hostdev_value *reply;
	struct hostdev *connection;
	enum exit_status status;
	bool read = true;
	bool first = true;

	if (invocation->values[WATCH_SNAPSHOT])
		client_parameter(parameters, "snapshot", hostdev_value_new_boolean(true));
	if (invocation->values[WATCH_SINCE] &&
		!read_since(invocation->values[WATCH_SINCE], parameters)) {
		hostdev_value_unref(parameters);
		return EXIT_USAGE;
	}
	status = client_watch(invocation, parameters, &connection);
	if (status != EXIT_DONE)
		return status;
	while (read && (status = await(invocation, connection, first, &reply)) == EXIT_DONE) {
		first = false;
		read = hand_on(invocation, hostdev_value_get(reply, "event"));
		hostdev_value_unref(reply);
	}
	hostdev_disconnect(connection);
	return read ? status : EXIT_FAILED;
}

const struct command command_watch = {
	.name = "watch",
	.operands = "",
	.summary = "The daemon's events, a line each, until it ends",
	.options = options,
	.run = run,
};
