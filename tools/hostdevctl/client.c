/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls of the daemon. Every failure becomes an exit status here, and a message that says what
 * would help; the commands only pass the status on.
 */
#include "client.h"

#include "identifier.h"
#include "output.h"
#include "show.h"

#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

struct meaning {
	const char *error;
	enum exit_status status;
	const char *hint;
};

/* Errors that are not listed exit with EXIT_FAILED. */
static const struct meaning meanings[] = {
	{"org.hostdevd.NoSuchDevice", EXIT_NOT_FOUND, "; `hostdevctl devices` lists what is there"},
	{"org.hostdevd.NoSuchGroup", EXIT_NOT_FOUND, "; `hostdevctl groups` lists what is there"},
	{"org.hostdevd.NoSuchInstance", EXIT_NOT_FOUND,
		"; `hostdevctl instances` lists what is there"},
	{"org.hostdevd.NoDeviceAvailable", EXIT_BUSY, ""},
	{"org.hostdevd.Busy", EXIT_BUSY, ""},
	{"org.hostdevd.NotPermitted", EXIT_NOT_PERMITTED, ""},
	{"org.varlink.service.PermissionDenied", EXIT_NOT_PERMITTED, ""},
	{"org.varlink.service.InvalidParameter", EXIT_USAGE, ""},
	{"org.hostdevd.Timeout", EXIT_TIMED_OUT, ""},
	{"org.hostdevd.InvalidRules", EXIT_INVALID, ""},
	{"org.hostdevd.HistoryLost", EXIT_FAILED,
		"; with --snapshot the present state comes first"},
};

/* The rights on the socket, or where it cannot be seen, on the folder that hides it. */
static bool find_owner(const char *path, struct stat *ret_owner)
{
	char *copy;
	int r = stat(path, ret_owner);

	if (r < 0 && errno == EACCES) {
		copy = output_must(strdup(path));
		r = stat(dirname(copy), ret_owner);
		free(copy);
	}
	return r == 0;
}

static void complain_no_right(const char *path)
{
	struct stat owner;
	struct group *group;

	if (!find_owner(path, &owner)) {
		output_complain("no right to connect to %s", path);
		return;
	}
	group = getgrgid(owner.st_gid);
	if (!(owner.st_mode & S_IRWXG))
		output_complain(
			"no right to connect to %s: only its owner has, so become root", path);
	else if (group)
		output_complain("no right to connect to %s: it belongs to the group %s; "
				"`usermod --append --groups %s USER` puts USER into it, from the "
				"next login on",
			path, group->gr_name, group->gr_name);
	else
		output_complain("no right to connect to %s: it belongs to the group %u", path,
			(unsigned int)owner.st_gid);
}

static enum exit_status connect_failed(const char *path, int failure)
{
	switch (-failure) {
	case EACCES:
	case EPERM:
		complain_no_right(path);
		return EXIT_NOT_PERMITTED;
	case ENOENT:
	case ECONNREFUSED:
		output_complain("no daemon at %s (%s): `systemctl start hostdevd` starts it, or "
				"`hostdevd --socket %s`",
			path, strerror(-failure), path);
		return EXIT_UNREACHABLE;
	case ENAMETOOLONG:
		output_complain("cannot connect to %s: the path has %zu bytes, and a socket's has "
				"107 at most",
			path, strlen(path));
		return EXIT_UNREACHABLE;
	default:
		output_complain("cannot connect to %s: %s", path, strerror(-failure));
		return EXIT_UNREACHABLE;
	}
}

enum exit_status client_connect(
	const struct invocation *invocation, struct hostdev **ret_connection)
{
	int r = hostdev_connect(invocation->socket, ret_connection);

	return r < 0 ? connect_failed(hostdev_socket_path(invocation->socket), r) : EXIT_DONE;
}

/* An error reply: its message, or if it has none its name and parameters. */
static enum exit_status explain_error(const char *error, const struct hostdev_value *parameters)
{
	const struct hostdev_value *errors = hostdev_value_get(parameters, "errors");
	const char *message = show_text(parameters, "message");
	struct meaning meaning = {.status = EXIT_FAILED, .hint = ""};

	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
		if (strcmp(meanings[i].error, error) == 0)
			meaning = meanings[i];
	if (*message) {
		output_complain("%s%s", message, meaning.hint);
	} else {
		char *text = output_must(hostdev_value_dump(parameters));

		output_complain("the daemon answered %s %s%s", error, text, meaning.hint);
		free(text);
	}
	for (size_t i = 0; i < hostdev_value_count(errors); i++)
		show_place(stderr, hostdev_value_at(errors, i));
	return meaning.status;
}

/* Limits are kept by closing: no words reach a client that is one too many. */
static enum exit_status complain_closed(const char *path, bool first)
{
	if (!first)
		output_complain("the daemon at %s went away", path);
	else
		output_complain("the daemon at %s closed the connection before any reply: it went "
				"away, or too many connections are open (`limits` in "
				"hostdevd.conf)",
			path);
	return EXIT_UNREACHABLE;
}

/* What a result of the library means. On EXIT_DONE there is a reply; otherwise *parameters is freed
 * if there is one. first: there was no reply before. */
static enum exit_status judge(const struct invocation *invocation, const struct hostdev *connection,
	int r, bool first, struct hostdev_value *parameters)
{
	const char *path = hostdev_socket_path(invocation->socket);
	enum exit_status status;

	switch (r) {
	case HOSTDEV_REPLY:
		return EXIT_DONE;
	case HOSTDEV_ERROR:
		status = explain_error(hostdev_error(connection), parameters);
		hostdev_value_unref(parameters);
		return status;
	case HOSTDEV_PENDING:
		return EXIT_TIMED_OUT;
	case HOSTDEV_END:
	case -ECONNRESET:
		return complain_closed(path, first);
	case -EPROTO:
		output_complain("what answers at %s does not keep to the protocol: %s", path,
			hostdev_error(connection));
		return EXIT_FAILED;
	default:
		output_complain("talking to the daemon at %s: %s", path, strerror(-r));
		return EXIT_FAILED;
	}
}

enum exit_status client_watch(const struct invocation *invocation, struct hostdev_value *parameters,
	struct hostdev **ret_connection)
{
	struct hostdev *connection;
	enum exit_status status = client_connect(invocation, &connection);

	if (status == EXIT_DONE) {
		int r = hostdev_start(connection, "Watch", parameters);

		status = judge(invocation, connection, r, true, NULL);
		if (status == EXIT_DONE)
			*ret_connection = connection;
		else
			hostdev_disconnect(connection);
	}
	hostdev_value_unref(parameters);
	return status;
}

enum exit_status client_next(const struct invocation *invocation, struct hostdev *connection,
	int timeout_ms, bool first, struct hostdev_value **ret_parameters)
{
	int r = hostdev_next(connection, timeout_ms, ret_parameters);

	return judge(invocation, connection, r, first, r == HOSTDEV_ERROR ? *ret_parameters : NULL);
}

enum exit_status client_call(const struct invocation *invocation, struct hostdev *connection,
	const char *method, const struct hostdev_value *parameters,
	struct hostdev_value **ret_parameters)
{
	struct hostdev_value *reply = NULL;
	int r = hostdev_call(connection, method, parameters, &reply);
	enum exit_status status = judge(invocation, connection, r, true, reply);

	if (status == EXIT_DONE)
		*ret_parameters = reply;
	return status;
}

void client_await_end(const struct hostdev *connection)
{
	struct pollfd socket = {.fd = hostdev_get_fd(connection), .events = POLLRDHUP};

	while (poll(&socket, 1, -1) < 0 && errno == EINTR)
		;
}

enum exit_status client_ask(const struct invocation *invocation, const char *method,
	struct hostdev_value *parameters, struct hostdev_value **ret_parameters)
{
	struct hostdev *connection;
	enum exit_status status = client_connect(invocation, &connection);

	if (status == EXIT_DONE) {
		status = client_call(invocation, connection, method, parameters, ret_parameters);
		hostdev_disconnect(connection);
	}
	hostdev_value_unref(parameters);
	return status;
}

enum exit_status client_show(const struct invocation *invocation, const char *method,
	struct hostdev_value *parameters, const char *key, show *print)
{
	struct hostdev_value *reply;
	enum exit_status status = client_ask(invocation, method, parameters, &reply);

	if (status != EXIT_DONE)
		return status;
	if (invocation->json)
		output_json(reply);
	else
		print(key ? hostdev_value_get(reply, key) : reply);
	hostdev_value_unref(reply);
	return EXIT_DONE;
}

struct hostdev_value *client_parameter(
	struct hostdev_value *parameters, const char *key, struct hostdev_value *member)
{
	if (!parameters)
		parameters = output_must(hostdev_value_new_object());
	if (hostdev_value_set(parameters, key, member) < 0) {
		output_complain("the %s is not UTF-8 text", key);
		exit(EXIT_USAGE);
	}
	return parameters;
}

void client_name(struct hostdev_value *parameters, const char *option, const char *name)
{
	if (!name)
		return;
	if (!*name) {
		output_complain("--%s: it must be a name, not an empty one", option);
		exit(EXIT_USAGE);
	}
	client_parameter(parameters, option, hostdev_value_new_text(name));
}

struct hostdev_value *client_device(const char *text)
{
	char *id = identifier_resolve(text);
	struct hostdev_value *parameters =
		client_parameter(NULL, "device", hostdev_value_new_text(id));

	free(id);
	return parameters;
}
