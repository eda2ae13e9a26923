/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/socket/hangup.h"

#include "io/socket/connection.h"

#include <sys/epoll.h>
#include <unistd.h>

/* Hang-ups taken at a time; the rest come with the next callback. */
#define HANGUPS 64

struct hangup {
	int epoll; /* -1: none could be made, and the half-closed are noticed when they are answered
		    */
	struct event readable;
};

static void on_readable(int descriptor, short what, void *data)
{
	struct epoll_event events[HANGUPS];
	int count = epoll_wait(descriptor, events, HANGUPS, 0);

	(void)what;
	(void)data;
	for (int i = 0; i < count; i++)
		connection_kill(events[i].data.ptr);
}

struct hangup *hangup_new(struct event_base *base)
{
	struct hangup *hangup = memory_allocate(sizeof(*hangup));

	hangup->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (hangup->epoll >= 0) {
		event_assign(&hangup->readable, base, hangup->epoll, EV_READ | EV_PERSIST,
			on_readable, hangup);
		event_add(&hangup->readable, NULL);
	}
	return hangup;
}

struct hangup *hangup_free(struct hangup *hangup)
{
	if (hangup->epoll >= 0) {
		event_del(&hangup->readable);
		close(hangup->epoll);
	}
	free(hangup);
	return NULL;
}

void hangup_watch(struct hangup *hangup, struct connection *connection)
{
	struct epoll_event nothing = {.data.ptr = connection};

	epoll_ctl(hangup->epoll, EPOLL_CTL_ADD, connection->descriptor, &nothing);
}

void hangup_forget(struct hangup *hangup, const struct connection *connection)
{
	epoll_ctl(hangup->epoll, EPOLL_CTL_DEL, connection->descriptor, NULL);
}
