/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A snapshot: the replies that bring a new subscriber to the state at one seq. It refers to the
 * devices' own texts and is shared by all who ask at the same seq, so a thousand clients that come
 * back at once cost one snapshot, and each of them a position in it.
 */
#pragma once

#include "claims/state.h"
#include "devices/devices.h"
#include "io/socket/filter.h"

/* One event of the snapshot; its reply is head, body and tail in a row. */
struct snapshot_entry {
	struct text *head; /* borrowed from the snapshot */
	struct text *body; /* owned */
	struct filter_subject subject;
};

struct snapshot {
	unsigned references;
	uint64_t seq; /* of the last event that it includes */
	struct text *added_head;
	struct text *joined_head;
	struct text *created_head;
	struct text *tail;
	struct snapshot_entry *entries;
	size_t count;
};

/*
 * All devices and instances as told, each instance behind its device's events, those without one at
 * the end; every event carries `seq` and `usec`, real time. One reference.
 */
struct snapshot *snapshot_new(const struct claims *claims, uint64_t seq, int64_t usec);
struct snapshot *snapshot_ref(struct snapshot *snapshot);
struct snapshot *snapshot_unref(struct snapshot *snapshot);
