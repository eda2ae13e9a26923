/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as the answers of a hostile daemon, sent in parts as the first byte says: libhostdev
 * hands out replies or fails, and every value can be walked, dumped, and read again the same.
 */
#include "hostdev.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static char folder[] = "/dev/shm/hostdevd-fuzz-XXXXXX";
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static int listener;

static void remove_socket(void)
{
	unlink(address.sun_path);
	rmdir(folder);
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count;
	(void)arguments;
	if (!mkdtemp(folder))
		abort();
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", folder);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(listener, 4) < 0)
		abort();
	atexit(remove_socket);
	return 0;
}

static void walk(const struct hostdev_value *value)
{
	const char *key = NULL;

	hostdev_value_text(value);
	hostdev_value_integer(value);
	hostdev_value_real(value);
	hostdev_value_boolean(value);
	while ((key = hostdev_value_next_key(value, key)))
		walk(hostdev_value_get(value, key));
	for (size_t i = 0; hostdev_value_at(value, i); i++)
		walk(hostdev_value_at(value, i));
}

static void check_value(struct hostdev_value *value)
{
	char *json = hostdev_value_dump(value);
	struct hostdev_value *again;
	char *twice;

	walk(value);
	if (!json || hostdev_value_type(value) != HOSTDEV_OBJECT ||
		hostdev_value_parse(json, strlen(json), &again) != 0)
		abort();
	twice = hostdev_value_dump(again);
	if (strcmp(json, twice) != 0)
		abort();
	hostdev_value_unref(again);
	hostdev_value_unref(value);
	free(twice);
	free(json);
}

/* All replies that are there; what the last call of hostdev_dispatch said. */
static int take_replies(struct hostdev *connection)
{
	struct hostdev_value *parameters;
	int result;

	while ((result = hostdev_dispatch(connection, &parameters)) == HOSTDEV_REPLY ||
		result == HOSTDEV_ERROR) {
		if ((result == HOSTDEV_ERROR) != (hostdev_error(connection) != NULL))
			abort();
		check_value(parameters);
	}
	if (result == -EPROTO && !hostdev_error(connection))
		abort();
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	size_t step = length > 0 ? (size_t)bytes[0] * 16 + 1 : 1;
	struct hostdev *connection;
	int result = HOSTDEV_PENDING;
	int daemon;

	if (hostdev_connect(address.sun_path, &connection) != 0)
		abort();
	daemon = accept(listener, NULL, NULL);
	if (daemon < 0 || hostdev_start(connection, "Watch", NULL) != 0)
		abort();
	for (size_t at = 1; at < length && result == HOSTDEV_PENDING; at += step) {
		size_t part = step < length - at ? step : length - at;

		if (send(daemon, bytes + at, part, MSG_NOSIGNAL) < 0)
			abort();
		result = take_replies(connection);
	}
	close(daemon);
	if (result == HOSTDEV_PENDING && take_replies(connection) == HOSTDEV_PENDING)
		abort();
	hostdev_disconnect(connection);
	return 0;
}
