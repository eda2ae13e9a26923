/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notices that clients go away while nothing is read from them.
 *
 * libevent's EV_CLOSED is not enough: it means a hang-up without an error, and who closes with
 * something unread leaves an error (ECONNRESET). libevent reports that as EV_READ and EV_WRITE; if
 * neither is on, nobody is called, the kernel reports it again, and the loop spins.
 */
#pragma once

#include <event2/event.h>
#include <event2/event_struct.h>

struct connection;

/* The client closed its side, wholly or for sending. */
typedef void hangup_action(struct connection *connection);

struct hangup {
	int descriptor; /* an epoll of its own, which the loop watches */
	struct event readable;
	hangup_action *hung_up;
};

/* Without a descriptor left it watches nobody; then who went is noticed by the next send. */
void hangup_init(struct hangup *hangup, struct event_base *base, hangup_action *hung_up);
void hangup_done(struct hangup *hangup);

/* Calls `hung_up` once, when the client closes its side of the connection's `descriptor`. */
void hangup_watch(struct hangup *hangup, int descriptor, struct connection *connection);

/* Goes on watching one that hung up, for closing wholly only. */
void hangup_watch_on(struct hangup *hangup, int descriptor, struct connection *connection);

void hangup_forget(struct hangup *hangup, int descriptor);
