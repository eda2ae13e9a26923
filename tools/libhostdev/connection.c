/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One connection: bytes out, bytes in, cut at each NUL byte.
 *
 * There is one way to make progress, hostdev_dispatch(), which never waits; everything that waits
 * is that function and poll(). The socket itself stays blocking, each send and receive says
 * MSG_DONTWAIT, so that a descriptor handed to a caller's loop behaves in no surprising way.
 *
 * A connection that failed once stays failed, with the same number: after half a message there is
 * nothing left to trust.
 */
#include "message.h"
#include "value.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	RECEIVE_SIZE = 64 * 1024,
	MESSAGE_MOST = 256 * 1024 * 1024,
};

struct hostdev {
	int fd;
	int failure;  /* what ended the connection: -errno, or 0 */
	bool calling; /* a call is under way */
	bool more;    /* it was made with `more` */

	char *output; /* the call's text with its NUL; freed when sent */
	size_t output_length;
	size_t output_sent;

	char *input; /* bytes start to end are received and not taken */
	size_t input_size;
	size_t input_start;
	size_t input_end;
	size_t input_searched; /* up to here there is no NUL */

	char *error_name;
	struct problem problem;
};

const char *hostdev_socket_path(const char *path)
{
	const char *environment = secure_getenv("HOSTDEVD_SOCKET");

	if (path)
		return path;
	return environment && *environment ? environment : "/run/hostdevd/hostdevd.sock";
}

static int open_socket(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, r;

	if (!*path)
		return -ENOENT; /* to the kernel it would be an abstract name */
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	do
		r = connect(fd, (struct sockaddr *)&address, sizeof(address));
	while (r < 0 && errno == EINTR);
	if (r < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

int hostdev_connect(const char *path, struct hostdev **ret_connection)
{
	struct hostdev *connection;
	int fd = open_socket(hostdev_socket_path(path));

	if (fd < 0)
		return fd;
	connection = calloc(1, sizeof(*connection));
	if (!connection) {
		close(fd);
		return -ENOMEM;
	}
	connection->fd = fd;
	*ret_connection = connection;
	return 0;
}

struct hostdev *hostdev_disconnect(struct hostdev *connection)
{
	if (!connection)
		return NULL;
	close(connection->fd);
	free(connection->output);
	free(connection->input);
	free(connection->error_name);
	free(connection);
	return NULL;
}

/* The connection is of no more use; returns why. */
static int fail(struct hostdev *connection, int failure)
{
	connection->failure = failure;
	connection->calling = false;
	return failure;
}

static void drop_output(struct hostdev *connection)
{
	free(connection->output);
	connection->output = NULL;
}

/* Sends what the socket takes. A peer that has closed may have said why before it did: so that is
 * not a failure here, the reading side finds the reason or the end. */
static int send_output(struct hostdev *connection)
{
	while (connection->output) {
		ssize_t n = send(connection->fd, connection->output + connection->output_sent,
			connection->output_length - connection->output_sent,
			MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0 && errno != EPIPE && errno != ECONNRESET)
			return -errno;
		if (n >= 0)
			connection->output_sent += (size_t)n;
		if (n < 0 || connection->output_sent == connection->output_length)
			drop_output(connection);
	}
	return 0;
}

/* Makes room for one more receive: first by moving, then by doubling. */
static int make_room(struct hostdev *connection)
{
	size_t held = connection->input_end - connection->input_start;
	size_t size = connection->input_size ? connection->input_size : RECEIVE_SIZE;
	char *input;

	if (held > MESSAGE_MOST)
		return -EMSGSIZE;
	if (connection->input_start > 0) {
		memmove(connection->input, connection->input + connection->input_start, held);
		connection->input_searched -= connection->input_start;
		connection->input_start = 0;
		connection->input_end = held;
	}
	while (size - held < RECEIVE_SIZE)
		size *= 2;
	if (size == connection->input_size)
		return 0;
	input = realloc(connection->input, size);
	if (!input)
		return -ENOMEM;
	connection->input = input;
	connection->input_size = size;
	return 0;
}

/* Receives once. HOSTDEV_REPLY: there are new bytes. HOSTDEV_PENDING: none yet. */
static int receive(struct hostdev *connection)
{
	ssize_t n;
	int r = make_room(connection);

	if (r < 0)
		return r;
	do
		n = recv(connection->fd, connection->input + connection->input_end,
			connection->input_size - connection->input_end, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? HOSTDEV_PENDING : -errno;
	if (n == 0)
		return -ECONNRESET;
	connection->input_end += (size_t)n;
	return HOSTDEV_REPLY;
}

/* Takes the first whole message out of the input, if there is one. */
static int take(struct hostdev *connection, struct hostdev_value **ret_parameters)
{
	const char *text = connection->input + connection->input_start;
	const char *end = memchr(connection->input + connection->input_searched, '\0',
		connection->input_end - connection->input_searched);
	struct reply reply;
	int r;

	connection->input_searched = connection->input_end;
	if (!end)
		return HOSTDEV_PENDING;
	r = message_reply(
		text, (size_t)(end - text), connection->more, &reply, &connection->problem);
	if (r < 0)
		return r;
	connection->input_start += (size_t)(end - text) + 1;
	connection->input_searched = connection->input_start;
	connection->calling = reply.continues;
	connection->error_name = reply.error;
	*ret_parameters = value_from_json(reply.parameters);
	return reply.error ? HOSTDEV_ERROR : HOSTDEV_REPLY;
}

int hostdev_dispatch(struct hostdev *connection, struct hostdev_value **ret_parameters)
{
	int r;

	if (connection->failure < 0)
		return connection->failure;
	if (!connection->calling)
		return HOSTDEV_END;
	r = send_output(connection);
	while (r == 0) {
		if (connection->input_end > connection->input_searched) {
			r = take(connection, ret_parameters);
			if (r != HOSTDEV_PENDING)
				break;
		}
		r = receive(connection);
	}
	return r < 0 ? fail(connection, r) : r;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int hostdev_next(struct hostdev *connection, int timeout_ms, struct hostdev_value **ret_parameters)
{
	int64_t deadline = timeout_ms < 0 ? 0 : now_ms() + timeout_ms;

	for (;;) {
		struct pollfd socket = {.fd = connection->fd};
		int64_t left = timeout_ms < 0 ? -1 : deadline - now_ms();
		int r = hostdev_dispatch(connection, ret_parameters);

		if (r != HOSTDEV_PENDING || (timeout_ms >= 0 && left <= 0))
			return r;
		socket.events = hostdev_get_events(connection);
		if (poll(&socket, 1, (int)left) < 0 && errno != EINTR)
			return fail(connection, -errno);
	}
}

/* Puts the call into the output; nothing is sent yet. */
static int begin(struct hostdev *connection, const char *method,
	const struct hostdev_value *parameters, bool more)
{
	char *text;
	int r;

	if (connection->failure < 0)
		return connection->failure;
	if (connection->calling)
		return -EBUSY;
	if (parameters && hostdev_value_type(parameters) != HOSTDEV_OBJECT)
		return -EINVAL;
	free(connection->error_name);
	connection->error_name = NULL;
	if (connection->input_end > connection->input_start) {
		strcpy(connection->problem.text, "a reply that no call asked for");
		return fail(connection, -EPROTO);
	}
	if (connection->output) {
		strcpy(connection->problem.text, "a reply before the call was sent in whole");
		return fail(connection, -EPROTO);
	}
	r = message_call(method, value_to_json(parameters), more, &text);
	if (r < 0)
		return r;
	connection->output = text;
	connection->output_length = strlen(text) + 1;
	connection->output_sent = 0;
	connection->calling = true;
	connection->more = more;
	return 0;
}

int hostdev_start(
	struct hostdev *connection, const char *method, const struct hostdev_value *parameters)
{
	int r = begin(connection, method, parameters, true);

	if (r < 0)
		return r;
	r = send_output(connection);
	return r < 0 ? fail(connection, r) : 0;
}

int hostdev_call(struct hostdev *connection, const char *method,
	const struct hostdev_value *parameters, struct hostdev_value **ret_parameters)
{
	int r = begin(connection, method, parameters, false);

	return r < 0 ? r : hostdev_next(connection, -1, ret_parameters);
}

int hostdev_get_fd(const struct hostdev *connection)
{
	return connection->fd;
}

short hostdev_get_events(const struct hostdev *connection)
{
	if (!connection->calling)
		return 0;
	return connection->output ? POLLIN | POLLOUT : POLLIN;
}

const char *hostdev_error(const struct hostdev *connection)
{
	return connection->failure == -EPROTO ? connection->problem.text : connection->error_name;
}
