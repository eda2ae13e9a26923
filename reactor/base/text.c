/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/text.h"

#include "base/hash.h"
#include "base/memory.h"

#include <assert.h>
#include <string.h>

struct text *text_new(const char *bytes, size_t length)
{
	struct text *text;

	assert(length < UINT32_MAX);
	text = memory_allocate(offsetof(struct text, bytes) + length + 1);
	text->references = 1;
	text->length = (uint32_t)length;
	if (length > 0)
		memcpy(text->bytes, bytes, length);
	return text;
}

static size_t table_home(const struct text_table *table, const char *bytes, size_t length)
{
	return hash_bytes(table->seed, bytes, length) & (table->capacity - 1);
}

/* The slot that holds the text, or the empty one where it would go. */
static size_t table_locate(const struct text_table *table, const char *bytes, size_t length)
{
	size_t at = table_home(table, bytes, length);
	const struct text *text;

	while ((text = table->slots[at])) {
		if (text->length == length && memcmp(text->bytes, bytes, length) == 0)
			break;
		at = (at + 1) & (table->capacity - 1);
	}
	return at;
}

static void table_grow(struct text_table *table)
{
	struct text_table old = *table;

	if (old.capacity == 0)
		table->seed = hash_seed(table);
	table->capacity = old.capacity ? old.capacity * 2 : 16;
	table->slots = memory_allocate(table->capacity * sizeof(*table->slots));
	for (size_t i = 0; i < old.capacity; i++) {
		struct text *text = old.slots[i];

		if (text)
			table->slots[table_locate(table, text->bytes, text->length)] = text;
	}
	free(old.slots);
}

static void table_remove(struct text_table *table, const struct text *gone)
{
	size_t mask = table->capacity - 1;
	size_t at = table_locate(table, gone->bytes, gone->length);
	struct text *text;

	/* close the hole: a later text moves back unless it lies between its home and the hole */
	for (size_t next = (at + 1) & mask; (text = table->slots[next]); next = (next + 1) & mask) {
		size_t home = table_home(table, text->bytes, text->length);

		if (((next - home) & mask) < ((next - at) & mask))
			continue;
		table->slots[at] = text;
		at = next;
	}
	table->slots[at] = NULL;
	table->count--;
}

struct text *text_intern(struct text_pool *pool, const char *bytes, size_t length)
{
	struct text_table *table = &pool->texts;
	size_t at;

	if (length == 0)
		bytes = ""; /* an empty buffer has NULL, which no comparison may see */
	if (table->count >= table->capacity / 2)
		table_grow(table);
	at = table_locate(table, bytes, length);
	if (table->slots[at])
		return text_ref(table->slots[at]);
	table->slots[at] = text_new(bytes, length);
	table->slots[at]->pool = pool;
	table->count++;
	return table->slots[at];
}

struct text *text_intern_string(struct text_pool *pool, const char *string)
{
	return text_intern(pool, string, strlen(string));
}

struct text *text_ref(struct text *text)
{
	if (text)
		text->references++;
	return text;
}

static void tell_watchers(const struct text *text)
{
	const struct vector *watchers = &text->pool->watchers;

	for (size_t i = 0; i < watchers->count; i++) {
		struct text_watcher *watcher = watchers->items[i];

		watcher->gone(watcher, text);
	}
}

struct text *text_unref(struct text *text)
{
	if (!text || --text->references > 0)
		return NULL;
	if (text->watched)
		tell_watchers(text);
	if (text->pool)
		table_remove(&text->pool->texts, text);
	free(text);
	return NULL;
}

void text_vector_done(struct vector *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		text_unref(texts->items[i]);
	vector_done(texts);
}

void text_replace(struct text **slot, struct text *text)
{
	struct text *old = *slot;

	*slot = text;
	text_unref(old);
}

void text_watch(struct text *text)
{
	assert(text->pool);
	text->watched = true;
}

void text_pool_watch(struct text_pool *pool, struct text_watcher *watcher)
{
	vector_add(&pool->watchers, watcher);
}

void text_pool_unwatch(struct text_pool *pool, struct text_watcher *watcher)
{
	size_t at = 0;

	while (pool->watchers.items[at] != watcher)
		at++;
	vector_remove(&pool->watchers, at);
}

void text_pool_done(struct text_pool *pool)
{
	assert(pool->texts.count == 0 && pool->watchers.count == 0);
	free(pool->texts.slots);
	pool->texts = (struct text_table){0};
	vector_done(&pool->watchers);
}
