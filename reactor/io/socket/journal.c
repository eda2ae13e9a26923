/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/socket/journal.h"

#include "base/memory.h"

#include <string.h>

#define FIRST_BYTES   ((size_t)64 * 1024)
#define FIRST_ENTRIES ((size_t)256)

void journal_init(struct journal *journal, size_t most_entries, size_t most_bytes)
{
	*journal = (struct journal){
		.most_entries = most_entries ? most_entries : 1,
		.most_bytes = most_bytes,
	};
}

static struct journal_entry *entry_at(const struct journal *journal, size_t index)
{
	return &journal->entries[(journal->first + index) % journal->entry_capacity];
}

static struct journal_entry *entry_of(const struct journal *journal, uint64_t seq)
{
	return entry_at(journal, (size_t)(seq - journal_oldest(journal)));
}

static void entry_done(struct journal_entry *entry)
{
	text_unref(entry->subject.group_before);
	text_unref(entry->subject.group_after);
}

static void drop_oldest(struct journal *journal)
{
	entry_done(entry_at(journal, 0));
	journal->first = (journal->first + 1) % journal->entry_capacity;
	journal->count--;
}

static void drop_all(struct journal *journal)
{
	while (journal->count > 0)
		drop_oldest(journal);
}

void journal_done(struct journal *journal)
{
	drop_all(journal);
	free(journal->entries);
	free(journal->bytes);
	buffer_done(&journal->reply.out);
	*journal = (struct journal){0};
}

void journal_keep(struct journal *journal, size_t most_entries)
{
	journal->most_entries = most_entries ? most_entries : 1;
	while (journal->count > journal->most_entries)
		drop_oldest(journal);
}

uint64_t journal_oldest(const struct journal *journal)
{
	return journal->last - journal->count + 1;
}

/* Whether the newest events lie before the oldest. */
static bool is_wrapped(const struct journal *journal)
{
	return journal->count > 0 &&
	       entry_at(journal, journal->count - 1)->offset < entry_at(journal, 0)->offset;
}

/*
 * Where `length` bytes can go without touching an event that is kept: behind the newest, or at the
 * start once the newest is near the end. False if there is no such place.
 */
static bool find_room(const struct journal *journal, size_t length, size_t *ret_offset)
{
	const struct journal_entry *oldest;
	const struct journal_entry *newest;
	size_t end;
	bool wrapped = is_wrapped(journal);

	if (journal->count == 0) {
		*ret_offset = 0;
		return length <= journal->capacity;
	}
	oldest = entry_at(journal, 0);
	newest = entry_at(journal, journal->count - 1);
	end = newest->offset + newest->length;
	if (length <= (wrapped ? oldest->offset : journal->capacity) - end) {
		*ret_offset = end;
		return true;
	}
	*ret_offset = 0;
	return !wrapped && length <= oldest->offset;
}

/* A larger ring, in which the events lie in order from its start. */
static void straighten(struct journal *journal, size_t capacity)
{
	char *bytes = memory_allocate(capacity);
	size_t end = 0;

	for (size_t i = 0; i < journal->count; i++) {
		struct journal_entry *entry = entry_at(journal, i);

		memcpy(bytes + end, journal->bytes + entry->offset, entry->length);
		entry->offset = end;
		end += entry->length;
	}
	free(journal->bytes);
	journal->bytes = bytes;
}

/*
 * Events in order stay where they are, so that the kernel can give a large ring more pages without
 * a copy, which would hold the loop for 15 ms; and it wraps only after it stopped growing, unless
 * events become longer.
 */
static void grow_bytes(struct journal *journal, size_t capacity)
{
	if (is_wrapped(journal))
		straighten(journal, capacity);
	else
		journal->bytes = memory_resize(journal->bytes, capacity, 1);
	journal->capacity = capacity;
}

static void grow_entries(struct journal *journal)
{
	size_t capacity = journal->entry_capacity ? journal->entry_capacity * 2 : FIRST_ENTRIES;
	struct journal_entry *entries;

	if (capacity > journal->most_entries)
		capacity = journal->most_entries;
	entries = memory_allocate(capacity * sizeof(*entries));
	for (size_t i = 0; i < journal->count; i++)
		entries[i] = *entry_at(journal, i);
	free(journal->entries);
	journal->entries = entries;
	journal->entry_capacity = capacity;
	journal->first = 0;
}

/* A place for `length` bytes: free, or by growing, or by dropping the oldest. */
static size_t make_room(struct journal *journal, size_t length)
{
	size_t offset;

	while (!find_room(journal, length, &offset)) {
		size_t capacity = journal->capacity ? journal->capacity * 2 : FIRST_BYTES;

		if (capacity > journal->most_bytes)
			capacity = journal->most_bytes;
		if (capacity > journal->capacity)
			grow_bytes(journal, capacity);
		else if (journal->count > 0)
			drop_oldest(journal);
		else
			grow_bytes(journal, length);
	}
	return offset;
}

static struct journal_entry *make_entry(struct journal *journal)
{
	if (journal->count == journal->most_entries)
		drop_oldest(journal);
	else if (journal->count == journal->entry_capacity)
		grow_entries(journal);
	return entry_at(journal, journal->count);
}

void journal_open_event(struct writer *json, uint64_t seq, int64_t usec, enum change_type type)
{
	writer_open(json, '{');
	writer_key(json, "parameters");
	writer_open(json, '{');
	writer_key(json, "event");
	writer_open(json, '{');
	writer_key_number(json, "seq", (int64_t)seq);
	writer_key_number(json, "usec", usec);
	writer_key_string(json, "type", change_type_name(type));
}

static void write_reply(
	struct writer *json, uint64_t seq, const struct change *change, int64_t usec)
{
	json->out.length = 0;
	json->comma = false;
	journal_open_event(json, seq, usec, change->type);
	writer_key_raw(json, "device", change->device);
	writer_key_text(json, "group", change->group);
	writer_key_text(json, "rule", change->rule);
	writer_key_raw(json, "instance", change->instance);
	writer_key_raw(json, "changed", change->changed);
	writer_close(json, '}');
	writer_close(json, '}');
	writer_key_boolean(json, "continues", true);
	writer_close(json, '}');
	buffer_add_byte(&json->out, '\0');
}

void journal_add(struct journal *journal, const struct change *change, int64_t usec)
{
	struct buffer *reply = &journal->reply.out;
	struct journal_entry *entry;
	uint64_t end = 0;
	size_t offset;

	write_reply(&journal->reply, journal->last + 1, change, usec);
	if (journal->count > 0)
		end = entry_at(journal, journal->count - 1)->end;
	offset = make_room(journal, reply->length);
	entry = make_entry(journal);
	memcpy(journal->bytes + offset, reply->bytes, reply->length);
	*entry = (struct journal_entry){
		.offset = offset,
		.length = reply->length,
		.end = end + reply->length,
		.subject = {.type = change->type,
			.kinds = change->kinds,
			.group_before = text_ref(change->group_before),
			.group_after = text_ref(change->group_after)},
	};
	journal->count++;
	journal->last++;
}

void journal_pass(struct journal *journal, size_t count)
{
	drop_all(journal);
	journal->last += count;
}

uint64_t journal_bytes_from(const struct journal *journal, uint64_t seq)
{
	const struct journal_entry *entry;

	if (seq > journal->last)
		return 0;
	entry = entry_of(journal, seq);
	return entry_of(journal, journal->last)->end - entry->end + entry->length;
}

void journal_skip(const struct journal *journal, struct journal_cursor *cursor)
{
	while (cursor->next <= cursor->last &&
		!filter_passes(cursor->filter, &entry_of(journal, cursor->next)->subject))
		cursor->next++;
}

bool journal_next(const struct journal *journal, struct journal_cursor *cursor, size_t enough,
	struct iovec *ret_run)
{
	struct iovec run = {0};

	journal_skip(journal, cursor);
	for (; cursor->next <= cursor->last && run.iov_len < enough; cursor->next++) {
		const struct journal_entry *entry = entry_of(journal, cursor->next);
		char *bytes = journal->bytes + entry->offset;

		if (run.iov_len == 0)
			run.iov_base = bytes;
		else if ((char *)run.iov_base + run.iov_len != bytes ||
			 !filter_passes(cursor->filter, &entry->subject))
			break;
		run.iov_len += entry->length;
	}
	if (run.iov_len > 0)
		*ret_run = run;
	return run.iov_len > 0;
}
