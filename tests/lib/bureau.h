/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon without its sources of events: socket, devices, claims and the store with its thread,
 * run turn by turn by the daemon's own functions, so that benchmarks of claims choose what happens.
 */
#pragma once

#include "daemon.h"
#include "lib/world.h"

struct bureau {
	struct world world; /* its pool only: the daemon has the devices */
	struct daemon daemon;
	struct options options;
	struct loop *loop;     /* the daemon's */
	struct claims *claims; /* likewise */
	uint64_t tellings;     /* turns that had something to tell */
};

/*
 * With `rules` in force, the state in `folder` and the socket at `path`. Aborts if it cannot.
 * Clients may connect from here on; they are accepted after bureau_open.
 */
void bureau_init(struct bureau *bureau, const char *folder, const char *path, const char *rules);
void bureau_open(struct bureau *bureau);
void bureau_done(struct bureau *bureau);

/* Waits as the daemon does, and makes a turn. */
void bureau_advance(struct bureau *bureau);

/* A turn of the daemon's, from the requests on. */
void bureau_turn(struct bureau *bureau);
