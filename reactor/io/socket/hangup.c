/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/socket/hangup.h"

#include "io/socket/connection.h"

#include <sys/epoll.h>
#include <unistd.h>

#define BATCH 64

static void on_readable(int descriptor, short what, void *data)
{
	struct epoll_event events[BATCH];
	int count = epoll_wait(descriptor, events, BATCH, 0);

	(void)what;
	(void)data;
	for (int i = 0; i < count; i++) /* dead ones are freed between turns only */
		connection_hung_up(events[i].data.ptr);
}

void hangup_init(struct hangup *hangup, struct event_base *base)
{
	hangup->descriptor = epoll_create1(EPOLL_CLOEXEC);
	event_assign(&hangup->readable, base, hangup->descriptor, EV_READ | EV_PERSIST, on_readable,
		NULL);
	if (hangup->descriptor >= 0)
		event_add(&hangup->readable, NULL);
}

void hangup_done(struct hangup *hangup)
{
	if (hangup->descriptor < 0)
		return;
	event_del(&hangup->readable);
	close(hangup->descriptor);
	hangup->descriptor = -1;
}

static void control(
	struct hangup *hangup, struct connection *connection, int operation, uint32_t events)
{
	struct epoll_event interest = {.events = events, .data.ptr = connection};

	epoll_ctl(hangup->descriptor, operation, connection->descriptor, &interest);
}

void hangup_watch(struct hangup *hangup, struct connection *connection)
{
	control(hangup, connection, EPOLL_CTL_ADD, EPOLLRDHUP | EPOLLONESHOT);
}

void hangup_watch_on(struct hangup *hangup, struct connection *connection)
{
	control(hangup, connection, EPOLL_CTL_MOD, EPOLLONESHOT);
}

void hangup_forget(struct hangup *hangup, struct connection *connection)
{
	control(hangup, connection, EPOLL_CTL_DEL, 0);
}
