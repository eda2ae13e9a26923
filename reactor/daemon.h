/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon: everything wired together, and the turn, in which all work is done.
 *
 * kernel -> udev -> source -> probe -> devices -> claims -> show -> settle -> publish
 *
 * A scan at start, a resync after lost events, a reload and clients' requests enter this same road
 * and leave it by the same delta.
 */
#pragma once

#include "base/helper.h"
#include "claims/claims.h"
#include "claims/status.h"
#include "config.h"
#include "devices/looking.h"
#include "devices/resync.h"
#include "io/loop/loop.h"
#include "io/probe/probe.h"
#include "io/socket/listen.h"
#include "io/socket/service.h"
#include "io/store/store.h"
#include "io/udev/source.h"
#include "options.h"
#include "reload.h"
#include "requests.h"
#include "second_opinion.h"

struct daemon {
	const struct options *options;
	struct config config;
	struct status status;
	struct text_pool pool;
	struct devices devices;
	struct claims claims;
	struct looking looks;
	struct probe *probe;
	struct source *source;
	struct store *store;
	struct helper *helper; /* looks names up */
	struct loop *loop;
	struct service *service;
	char epoch[33]; /* of this run, 32 hexadecimal digits */

	bool source_readable; /* flags that callbacks set and the turn clears */
	bool store_readable;
	bool helper_readable;
	bool stop_wanted;
	int stop_result; /* of daemon_run: negative if it was not asked to stop */
	bool reload_wanted;

	struct reload reload;	      /* the one under way */
	int64_t rules_retry;	      /* no copy of them was kept: when to try again; CLOCK_NEVER */
	struct requests requests;     /* the edge of claims */
	enum source_type source_type; /* chosen at start, for good */
	int64_t source_retry; /* a broken source: when to open another one; else CLOCK_NEVER */
	struct resync resync; /* the first is the scan at start */
	bool scan_failed;     /* the last one did not see all */
	int64_t scanned;      /* monotonic time at which the first had come to all; 0: not yet */
	struct second_opinion second_opinion;
	struct listen_place place; /* of the socket: only our own file is removed */
	int listener;		   /* descriptor, until it is listened on; -1 afterwards */
	bool admits;		   /* who may claim was looked up */
	bool listening;		   /* the first scan is complete, and it admits */
	uint64_t reported_hits;	   /* of regex limits: those that the log tells of */
	int64_t turn_since;	   /* earliest cause of what this turn changed; CLOCK_NEVER: none */
};

enum {
	DAEMON_INVALID = 1, /* the configuration has errors, which were logged */
};

/* Sets everything up, up to the first scan. Negative: an error that was logged. */
int daemon_new(const struct options *options, struct daemon **ret_daemon);
struct daemon *daemon_free(struct daemon *daemon);

/* Waits and turns until SIGTERM or SIGINT. Negative: it cannot go on, which was logged. */
int daemon_run(struct daemon *daemon);

/*
 * The second half of a turn: what it changed is published, then calls are answered. Whether there
 * was anything to publish.
 */
bool daemon_tell(struct daemon *daemon, int64_t now);

/*
 * Opens another source; what came between the two is found by a resync. Negative: an error that was
 * logged; the old one stays, but is not watched.
 */
int daemon_renew_source(struct daemon *daemon);

/* Has the loop set source_readable, or no longer. */
int daemon_watch_source(struct daemon *daemon);
void daemon_unwatch_source(struct daemon *daemon);

/* SIGHUP: the configuration as it was read again, all but paths. Leaves the old one in *config. */
void daemon_change_config(struct daemon *daemon, struct config *config);
