/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon: everything wired together, and the turn, in which all work is done.
 *
 * kernel -> udev -> source -> probe -> inventory -> match -> membership -> delta -> publish
 *
 * A scan at start, a resync after lost events, a reload and clients' requests enter this same road
 * and leave it by the same delta.
 */
#pragma once

#include "config.h"
#include "core/core.h"
#include "core/status.h"
#include "io/loop/loop.h"
#include "io/probe/probe.h"
#include "io/socket/listen.h"
#include "io/socket/service.h"
#include "io/store/store.h"
#include "io/udev/source.h"
#include "options.h"
#include "second_opinion.h"

struct daemon {
	const struct options *options;
	struct config config;
	struct status status;
	struct text_pool pool;
	struct core core;
	struct looks looks;
	struct probe *probe;
	struct source *source;
	struct store *store;
	struct loop *loop;
	struct service *service;
	char epoch[33]; /* of this run, 32 hexadecimal digits */

	bool source_readable; /* flags that callbacks set and the turn clears */
	bool stop_wanted;
	bool reload_wanted;

	bool events_lost; /* everything must be looked at again once the source is drained */
	bool resyncing;	  /* it is being looked at */
	struct second_opinion second_opinion;
	struct listen_place place; /* of the socket: only our own file is removed */
	int listener;		   /* descriptor, until the first scan is complete; -1 afterwards */
	bool listening;		   /* the first scan is complete */
	int64_t turn_since;	   /* earliest cause of what this turn changed; CLOCK_NEVER: none */
};

enum {
	DAEMON_INVALID = 1, /* the configuration has errors, which were logged */
};

/* Sets everything up, up to the first scan. Negative: an error that was logged. */
int daemon_new(const struct options *options, struct daemon **ret_daemon);
struct daemon *daemon_free(struct daemon *daemon);

/* Waits and turns until SIGTERM or SIGINT. Negative: the loop itself failed. */
int daemon_run(struct daemon *daemon);

/* SIGHUP: reads the configuration again, all but paths; one with errors changes nothing. */
void daemon_reread_config(struct daemon *daemon);
