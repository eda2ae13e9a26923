/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/socket/hangup.h"

#include <sys/epoll.h>
#include <unistd.h>

#define BATCH 64

static void on_readable(int descriptor, short what, void *data)
{
	struct epoll_event events[BATCH];
	struct hangup *hangup = data;
	int count = epoll_wait(descriptor, events, BATCH, 0);

	(void)what;
	for (int i = 0; i < count; i++) /* dead ones are freed between turns only */
		hangup->hung_up(events[i].data.ptr);
}

void hangup_init(struct hangup *hangup, struct event_base *base, hangup_action *hung_up)
{
	hangup->hung_up = hung_up;
	hangup->descriptor = epoll_create1(EPOLL_CLOEXEC);
	event_assign(&hangup->readable, base, hangup->descriptor, EV_READ | EV_PERSIST, on_readable,
		hangup);
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
	struct hangup *hangup, int operation, int descriptor, struct epoll_event interest)
{
	epoll_ctl(hangup->descriptor, operation, descriptor, &interest);
}

void hangup_watch(struct hangup *hangup, int descriptor, struct connection *connection)
{
	control(hangup, EPOLL_CTL_ADD, descriptor,
		(struct epoll_event){.events = EPOLLRDHUP | EPOLLONESHOT, .data.ptr = connection});
}

void hangup_watch_on(struct hangup *hangup, int descriptor, struct connection *connection)
{
	control(hangup, EPOLL_CTL_MOD, descriptor,
		(struct epoll_event){.events = EPOLLONESHOT, .data.ptr = connection});
}

void hangup_forget(struct hangup *hangup, int descriptor)
{
	control(hangup, EPOLL_CTL_DEL, descriptor, (struct epoll_event){0});
}
