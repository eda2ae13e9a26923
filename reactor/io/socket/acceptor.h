/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accepting: limits on connections, and what to do when no descriptor is left. Then one that was
 * kept in reserve accepts the client and closes it at once: a client that waits in the backlog
 * would make the loop spin, since the listening socket stays readable.
 */
#pragma once

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>

struct service;

struct acceptor {
	struct service *service;
	struct event readable;
	int descriptor;	   /* -1: not listening yet */
	int spare;	   /* -1: could not be opened again */
	bool paused;	   /* accepting failed: off for a while */
	int64_t resume;	   /* monotonic time of its end; CLOCK_NEVER: not known yet */
	bool limit_logged; /* further ones are only counted */
	bool descriptors_logged;
};

struct acceptor *acceptor_new(struct service *service);
struct acceptor *acceptor_free(struct acceptor *acceptor);

/* Takes over a listening socket. */
int acceptor_listen(struct acceptor *acceptor, int descriptor);

/* Ends a pause whose time is over. */
void acceptor_resume(struct acceptor *acceptor, int64_t now);
