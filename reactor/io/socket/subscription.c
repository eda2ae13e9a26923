/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All walking is done by one function, next_piece, on a copy of the position: gathering walks as
 * far as a parcel goes, advancing walks again over what was really sent.
 */
#include "io/socket/subscription.h"

void subscription_init(
	struct subscription *subscription, uint64_t since, uint64_t last, struct snapshot *snapshot)
{
	list_init(&subscription->link);
	subscription->snapshot = snapshot ? snapshot_ref(snapshot) : NULL;
	subscription->ready_after = last;
	subscription->at.next = (snapshot ? snapshot->seq : since) + 1;
}

void subscription_done(struct subscription *subscription)
{
	list_remove(&subscription->link);
	filter_done(&subscription->filter);
	subscription->snapshot = snapshot_unref(subscription->snapshot);
	subscription->ready = text_unref(subscription->ready);
}

static bool next_snapshot_entry(const struct subscription *subscription,
	struct subscription_position *at, struct parcel *parcel)
{
	const struct snapshot *snapshot = subscription->snapshot;
	const struct snapshot_entry *entry;

	while (snapshot && at->entry < snapshot->count) {
		entry = &snapshot->entries[at->entry++];
		if (!filter_passes(&subscription->filter, &entry->subject))
			continue;
		parcel_add_text(parcel, entry->head, &at->offset);
		parcel_add_text(parcel, entry->body, &at->offset);
		parcel_add_text(parcel, snapshot->tail, &at->offset);
		return true;
	}
	return false;
}

static bool next_events(const struct subscription *subscription, const struct journal *journal,
	struct subscription_position *at, struct parcel *parcel)
{
	struct journal_cursor cursor = {
		.next = at->next,
		.last = at->ready_sent ? journal->last : subscription->ready_after,
		.filter = &subscription->filter,
	};
	struct iovec run;
	bool found;

	found = journal_next(journal, &cursor, parcel->enough - parcel->length + at->offset, &run);
	at->next = cursor.next;
	if (!found)
		return false;
	parcel_add(parcel, (char *)run.iov_base + at->offset, run.iov_len - at->offset);
	at->offset = 0;
	return true;
}

/*
 * Adds the next piece (an event of the snapshot, a run of events, or `ready`) to the parcel, from
 * at->offset on, and moves `at` behind it. False: there is none.
 */
static bool next_piece(const struct subscription *subscription, const struct journal *journal,
	struct subscription_position *at, struct parcel *parcel)
{
	if (next_snapshot_entry(subscription, at, parcel) ||
		next_events(subscription, journal, at, parcel))
		return true;
	if (at->ready_sent)
		return false;
	at->ready_sent = true;
	parcel_add_text(parcel, subscription->ready, &at->offset);
	return true;
}

void subscription_gather(const struct subscription *subscription, const struct journal *journal,
	struct parcel *parcel, struct subscription_position *ret_end)
{
	struct subscription_position at = subscription->at;

	while (parcel_has_room(parcel) && next_piece(subscription, journal, &at, parcel))
		;
	*ret_end = at;
}

/* Walks piece by piece over the first `length` bytes of what is to be sent. */
static void advance_within(
	struct subscription *subscription, const struct journal *journal, size_t length)
{
	while (length > 0) {
		struct iovec vectors[PARCEL_LEAST];
		struct parcel piece = {.vectors = vectors, .most = PARCEL_LEAST, .enough = 1};
		struct subscription_position at = subscription->at;

		next_piece(subscription, journal, &at, &piece);
		if (piece.length > length) {
			subscription->at.offset += length;
			return;
		}
		subscription->at = at;
		length -= piece.length;
	}
}

void subscription_advance(struct subscription *subscription, const struct journal *journal,
	const struct parcel *parcel, const struct subscription_position *end, size_t length)
{
	if (length == parcel->length)
		subscription->at = *end;
	else
		advance_within(subscription, journal, length);
	if (subscription->snapshot && subscription->at.entry == subscription->snapshot->count)
		subscription->snapshot = snapshot_unref(subscription->snapshot);
}

bool subscription_is_lost(const struct subscription *subscription, const struct journal *journal)
{
	return subscription->at.next < journal_oldest(journal);
}

void subscription_skip(struct subscription *subscription, const struct journal *journal)
{
	struct journal_cursor cursor = {
		.next = subscription->at.next,
		.last = journal->last,
		.filter = &subscription->filter,
	};

	journal_skip(journal, &cursor);
	subscription->at.next = cursor.next;
}

/* Bytes of the events from *next on that pass, up to `last`, or until they are more than `most`. */
static size_t count_bytes(const struct subscription *subscription, const struct journal *journal,
	uint64_t last, size_t most, uint64_t *next)
{
	struct journal_cursor cursor = {*next, last, &subscription->filter};
	struct iovec run;
	size_t bytes = 0;

	while (bytes <= most && journal_next(journal, &cursor, most + 1, &run))
		bytes += run.iov_len;
	*next = cursor.next;
	return bytes;
}

/* Leaves out what it was sent since, and if that cannot be counted any more, begins anew. */
static void follow_position(struct subscription *subscription, const struct journal *journal)
{
	struct subscription_backlog *backlog = &subscription->backlog;
	uint64_t next = subscription->at.next;

	if (backlog->next < next || backlog->from < journal_oldest(journal)) {
		*backlog = (struct subscription_backlog){next, next, 0};
		return;
	}
	backlog->bytes -=
		count_bytes(subscription, journal, next - 1, backlog->bytes, &backlog->from);
	backlog->from = next;
}

bool subscription_is_behind(
	struct subscription *subscription, const struct journal *journal, size_t most)
{
	struct subscription_backlog *backlog = &subscription->backlog;

	if (journal_bytes_from(journal, subscription->at.next) <= most)
		return false;
	follow_position(subscription, journal);
	if (backlog->bytes <= most)
		backlog->bytes += count_bytes(subscription, journal, journal->last,
			most - backlog->bytes, &backlog->next);
	return backlog->bytes > most;
}
