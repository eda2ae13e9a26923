/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A world that serves a socket: devices, claims and service, run turn by turn in the daemon's order
 * but without its sources of events, so that benchmarks choose what happens.
 */
#pragma once

#include "claims/rights.h"
#include "claims/status.h"
#include "io/loop/loop.h"
#include "io/socket/listen.h"
#include "io/socket/service.h"
#include "lib/world.h"

/* The daemon's defaults, but for the connections. */
extern const struct service_limits station_limits;
#define STATION_RING_BYTES ((size_t)64 * 1024 * 1024)

struct station {
	struct world world;
	struct loop *loop;
	struct status status;
	struct rights rights;
	struct service *service;
	struct listen_place place;
	char folder[sizeof("/tmp/hostdevd-bench-XXXXXX")]; /* of the socket, and of what you like */
	char path[64];
};

/* With `rules` in force, and `path` naming a socket in a folder of its own; aborts if it cannot. */
void station_init(struct station *station, const char *rules);

/* Opens the socket; what was published before is no history. Aborts if it cannot. */
void station_listen(struct station *station);

/* Removes the folder with the files in it too. */
void station_done(struct station *station);

/* The settled changes go out as events. */
void station_publish(struct station *station);

/* What a turn does after the publication: answers, sends and closes. */
void station_serve(struct station *station);

/* Waits as the daemon does: not at all while there is more to do. */
void station_wait(struct station *station);
