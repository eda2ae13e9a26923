/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal: every event of this run as the bytes that subscribers get, written once and shared
 * by all. A ring of bytes, in which each event lies in one piece, and beside it a ring of what
 * filters look at. Both grow up to their limits; then the oldest events leave.
 *
 * Because events lie side by side, a run of them is one iovec, and a subscriber is no more than a
 * number. Buffers for each subscriber were rejected: measured, they cost 2 to 5 times as much, and
 * a stuck reader would hold a copy of everything.
 */
#pragma once

#include "base/writer.h"
#include "io/socket/filter.h"

#include <stdint.h>
#include <sys/uio.h>

struct journal_entry {
	size_t offset;		       /* in journal::bytes */
	size_t length;		       /* of the whole reply, with its NUL */
	uint64_t end;		       /* bytes of all events up to and with this one */
	struct filter_subject subject; /* its groups are references of ours */
};

struct journal {
	char *bytes;
	size_t capacity;
	size_t most_bytes;

	struct journal_entry *entries;
	size_t first; /* index of the oldest */
	size_t count;
	size_t entry_capacity;
	size_t most_entries;

	uint64_t last; /* seq of the newest event; 0: none yet */

	struct writer reply; /* of the event being added; kept for its memory */
};

/* Keeps at most `most_entries` events and `most_bytes` bytes, but always one event. */
void journal_init(struct journal *journal, size_t most_entries, size_t most_bytes);
void journal_done(struct journal *journal);

/* From now on keeps at most so many events; the oldest leave at once if there are more. */
void journal_keep(struct journal *journal, size_t most_entries);

/* Begins the reply of an event, and the event in it, with what every event has. */
void journal_open_event(struct writer *json, uint64_t seq, int64_t usec, enum change_type type);

/* Numbers the event of `change` and adds it; `usec` is real time. */
void journal_add(struct journal *journal, const struct change *change, int64_t usec);

/* Numbers so many events and keeps none of them, nor any before. */
void journal_pass(struct journal *journal, size_t count);

/* The seq of the oldest event that is kept; last + 1 if none is. */
uint64_t journal_oldest(const struct journal *journal);

/* Bytes of the events from `seq`, which must be kept or last + 1, to the newest. */
uint64_t journal_bytes_from(const struct journal *journal, uint64_t seq);

/* Which events to send: those from `next` to `last` that pass. */
struct journal_cursor {
	uint64_t next; /* must be kept, or last + 1 */
	uint64_t last;
	const struct filter *filter;
};

/* Moves the cursor to the next event that passes, or to its end. */
void journal_skip(const struct journal *journal, struct journal_cursor *cursor);

/*
 * The next events that pass, as many as lie side by side, up to the one that makes them `enough`
 * bytes or more; the cursor moves behind them. Without any it moves to its end, and false is
 * returned. The bytes are valid until the next journal_add.
 */
bool journal_next(const struct journal *journal, struct journal_cursor *cursor, size_t enough,
	struct iovec *ret_run);
