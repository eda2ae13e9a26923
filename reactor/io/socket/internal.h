/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The service as the files of this folder see it. It knows none of those that use it. */
#pragma once

#include "claims/status.h"
#include "io/socket/call.h"
#include "io/socket/hangup.h"
#include "io/socket/journal.h"
#include "io/socket/limits.h"

struct service {
	struct event_base *base;
	struct claims *claims;
	struct status *status;
	const struct rights *rights;
	struct service_limits limits;
	char *epoch;
	struct acceptor *acceptor;
	struct hangup hangup;
	struct journal journal;
	struct snapshot *snapshot; /* of the state as published, or NULL until one is asked for */
	struct text *comma;	   /* between the items of lists */

	struct list_link connections;	/* of struct connection */
	struct list_link dead;		/* of struct connection */
	struct list_link sending;	/* of struct connection */
	struct list_link subscriptions; /* of struct subscription */
	struct list_link closed;	/* of struct connection: dead, nobody was told yet */
	struct list_link arrived;	/* of struct call, first come first: not looked up yet */
	struct list_link reading;	/* likewise */
	struct list_link changing[CHANGE_COUNT]; /* likewise, by change */
	uint64_t last_connection;		 /* number of the newest; none is used twice */

	bool look_due;	     /* somebody may have got behind */
	int64_t behind_look; /* when to look at who is behind even if not */
};
