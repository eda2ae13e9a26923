/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A user of libhostdev with a loop of its own: watches until the daemon ends. */
#include <errno.h>
#include <hostdev.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Prints the events that are there. HOSTDEV_PENDING: wait for more. */
static int print_events(struct hostdev *connection)
{
	struct hostdev_value *parameters;
	int r;

	while ((r = hostdev_dispatch(connection, &parameters)) == HOSTDEV_REPLY) {
		const struct hostdev_value *event = hostdev_value_get(parameters, "event");

		printf("%s %lld\n", hostdev_value_text(hostdev_value_get(event, "type")),
			(long long)hostdev_value_integer(hostdev_value_get(event, "seq")));
		hostdev_value_unref(parameters);
	}
	return r;
}

int main(void)
{
	struct hostdev *connection;
	int r = hostdev_connect(NULL, &connection);

	if (r < 0)
		return 1;
	r = hostdev_start(connection, "Watch", NULL);
	if (r == 0)
		r = HOSTDEV_PENDING;
	while (r == HOSTDEV_PENDING) {
		struct pollfd slots[] = {
			{.fd = hostdev_get_fd(connection),
				.events = hostdev_get_events(connection)},
			/* here would be the program's other descriptors */
		};

		if (poll(slots, 1, -1) < 0 && errno != EINTR)
			return 1;
		if (slots[0].revents)
			r = print_events(connection);
	}
	printf("ended: %s\n", r < 0 ? strerror(-r) : "by the daemon's word");
	hostdev_disconnect(connection);
	return 0;
}
