/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/text.h"

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

struct text *text_intern(struct text_pool *pool, const char *bytes, size_t length)
{
	struct text *text;

	if (length == 0)
		bytes = ""; /* an empty buffer has NULL, which no comparison may see */
	text = map_find(&pool->texts, bytes, length);
	if (text)
		return text_ref(text);
	text = text_new(bytes, length);
	text->pool = pool;
	map_add(&pool->texts, text->bytes, text->length, text);
	return text;
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
		map_take(&text->pool->texts, text->bytes, text->length);
	free(text);
	return NULL;
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
	map_done(&pool->texts);
	vector_done(&pool->watchers);
}
