/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A subscription: where one Watch stands. It is sent the events of its snapshot, or those it
 * missed; then `ready`, once; then the journal as it grows. Everything it sends lies elsewhere and
 * is shared; all that is its own is a position.
 */
#pragma once

#include "base/list.h"
#include "io/socket/journal.h"
#include "io/socket/parcel.h"
#include "io/socket/snapshot.h"

/* What was sent: all before these. */
struct subscription_position {
	size_t entry; /* of the snapshot */
	bool ready_sent;
	uint64_t next; /* seq in the journal */
	size_t offset; /* bytes sent of the piece that these name */
};

/*
 * What waits for it in the journal, as far as it was counted: each event is judged by the filter
 * once when it has come and once when it was sent, and not in every turn between.
 */
struct subscription_backlog {
	uint64_t from; /* the next event to be sent when it was counted */
	uint64_t next; /* events before it are counted */
	size_t bytes;  /* of those that pass */
};

struct subscription {
	struct list_link link; // service::subscriptions
	struct connection *connection;
	struct filter filter;
	struct snapshot *snapshot; /* NULL: none, or sent */
	struct text *ready;	   /* the reply */
	uint64_t ready_after;	   /* seq of the last event before it */
	struct subscription_position at;
	struct subscription_backlog backlog;
	bool blocked;  /* its socket is full: EV_WRITE is armed */
	int64_t taken; /* monotonic time at which it last took something or nothing waited */
};

/*
 * Begins behind event `since`, or with `snapshot` (a reference is taken) instead if that is not
 * NULL; `ready` comes when all up to event `last` is sent.
 */
void subscription_init(struct subscription *subscription, uint64_t since, uint64_t last,
	struct snapshot *snapshot);
void subscription_done(struct subscription *subscription);

/* Adds what is next to `parcel`. *ret_end is the position once all of that is sent. */
void subscription_gather(const struct subscription *subscription, const struct journal *journal,
	struct parcel *parcel, struct subscription_position *ret_end);

/* Moves on by `length` bytes, all or the first of those in the parcel that ends at `end`. */
void subscription_advance(struct subscription *subscription, const struct journal *journal,
	const struct parcel *parcel, const struct subscription_position *end, size_t length);

/* Whether an event that it needs has left the journal. */
bool subscription_is_lost(const struct subscription *subscription, const struct journal *journal);

/* Steps over events that do not pass, so that they may leave the journal. */
void subscription_skip(struct subscription *subscription, const struct journal *journal);

/* Whether more than `most` bytes wait for it in the journal. */
bool subscription_is_behind(
	struct subscription *subscription, const struct journal *journal, size_t most);
