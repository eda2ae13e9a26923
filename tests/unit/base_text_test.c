/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts, the map they are interned in, and runs of bytes. */
#include "base/text.h"

#include "base/buffer.h"
#include "base/map.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_intern(void **state)
{
	struct text_pool pool = {0};
	struct text *first = text_intern_string(&pool, "nvme");
	struct text *again = text_intern(&pool, "nvme0", 4);
	struct text *other = text_intern_string(&pool, "nvme0");
	struct text *empty = text_intern(&pool, NULL, 0);
	struct text *empty_again = text_intern(&pool, NULL, 0);
	struct text *with_nul = text_intern(&pool, "a\0b", 3);

	(void)state;
	assert_ptr_equal(first, again);
	assert_ptr_not_equal(first, other);
	assert_ptr_equal(empty, empty_again);
	assert_int_equal(first->references, 2);
	assert_int_equal(with_nul->length, 3);
	assert_true(text_is(first, "nvme"));
	assert_false(text_is(NULL, "nvme"));
	assert_int_equal(pool.texts.count, 4);
	text_unref(first);
	assert_int_equal(pool.texts.count, 4);
	assert_null(text_unref(again));
	assert_int_equal(pool.texts.count, 3);
	text_unref(other);
	text_unref(empty);
	text_unref(empty_again);
	text_unref(with_nul);
	text_pool_done(&pool);
}

struct witness {
	struct text_watcher watcher;
	unsigned count;
	char last[8];
};

static void note_end(struct text_watcher *watcher, const struct text *text)
{
	struct witness *witness = container_of(watcher, struct witness, watcher);

	witness->count++;
	snprintf(witness->last, sizeof(witness->last), "%s", text->bytes);
}

/* A watched text is told of when its last reference goes, once, to all who watch then. */
static void test_watchers(void **state)
{
	struct text_pool pool = {0};
	struct witness first = {.watcher = {note_end}};
	struct witness second = {.watcher = {note_end}};
	struct text *watched = text_intern_string(&pool, "watched");
	struct text *other = text_intern_string(&pool, "other");

	(void)state;
	text_pool_watch(&pool, &first.watcher);
	text_pool_watch(&pool, &second.watcher);
	text_watch(watched);
	text_watch(watched);
	assert_int_equal(watched->references, 1);
	text_unref(text_ref(watched));
	text_unref(other);
	assert_int_equal(first.count, 0);
	text_unref(watched);
	assert_int_equal(first.count, 1);
	assert_int_equal(second.count, 1);
	assert_string_equal(first.last, "watched");

	/* the same bytes anew are another text, which nobody watches */
	text_unref(text_intern_string(&pool, "watched"));
	assert_int_equal(first.count, 1);

	text_pool_unwatch(&pool, &first.watcher);
	watched = text_intern_string(&pool, "again");
	text_watch(watched);
	text_unref(watched);
	assert_int_equal(first.count, 1);
	assert_int_equal(second.count, 2);
	text_pool_unwatch(&pool, &second.watcher);
	text_pool_done(&pool);
}

static void test_own_texts(void **state)
{
	struct text *text = text_new("abc", 2);
	struct text *slot = text_ref(text);

	(void)state;
	assert_string_equal(text->bytes, "ab");
	assert_int_equal(text->references, 2);
	text_replace(&slot, text_new(NULL, 0));
	assert_int_equal(text->references, 1);
	assert_int_equal(slot->length, 0);
	text_replace(&slot, NULL);
	assert_null(slot);
	assert_null(text_ref(NULL));
	assert_null(text_unref(NULL));
	text_unref(text);
}

/* The same reference put back must not be the last one dropped. */
static void test_replace_by_itself(void **state)
{
	struct text *slot = text_new("a", 1);

	(void)state;
	text_replace(&slot, text_ref(slot));
	assert_int_equal(slot->references, 1);
	text_unref(slot);
}

#define KEYS 2000

/* Against an array that says which texts there are: each is found while it is there, and once. */
static void test_many_texts(void **state)
{
	static struct text *texts[KEYS];
	struct text_pool pool = {0};
	uint32_t random = 1;
	size_t count = 0;

	(void)state;
	for (int step = 0; step < 50000; step++) {
		char bytes[8];
		size_t at;

		random = random * 1103515245 + 12345;
		at = (random >> 8) % KEYS;
		snprintf(bytes, sizeof(bytes), "k%zu", at);
		if (texts[at]) {
			struct text *again = text_intern_string(&pool, bytes);

			assert_ptr_equal(again, texts[at]);
			text_unref(again);
			texts[at] = text_unref(texts[at]);
			count--;
		} else {
			texts[at] = text_intern_string(&pool, bytes);
			assert_int_equal(texts[at]->references, 1);
			count++;
		}
		assert_int_equal(pool.texts.count, count);
	}
	for (size_t i = 0; i < KEYS; i++)
		text_unref(texts[i]);
	text_pool_done(&pool);
}

/* Against an array that says what is in the map. */
static void test_map(void **state)
{
	static char keys[KEYS][8];
	bool present[KEYS] = {0};
	struct map map = {0};
	uint32_t random = 1;
	size_t count = 0;
	size_t cursor = 0;

	(void)state;
	assert_null(map_find(&map, "x", 1));
	assert_null(map_take(&map, "x", 1));
	assert_null(map_next(&map, &cursor));
	for (size_t i = 0; i < KEYS; i++)
		snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
	for (int step = 0; step < 50000; step++) {
		size_t at;

		random = random * 1103515245 + 12345;
		at = (random >> 8) % KEYS;
		assert_ptr_equal(
			map_find(&map, keys[at], strlen(keys[at])), present[at] ? keys[at] : NULL);
		if (present[at])
			assert_ptr_equal(map_take(&map, keys[at], strlen(keys[at])), keys[at]);
		else
			map_add(&map, keys[at], strlen(keys[at]), keys[at]);
		present[at] = !present[at];
		count += present[at] ? 1 : (size_t)-1;
		assert_int_equal(map.count, count);
	}
	for (size_t i = 0; i < KEYS; i++)
		assert_ptr_equal(
			map_find(&map, keys[i], strlen(keys[i])), present[i] ? keys[i] : NULL);
	for (cursor = 0; map_next(&map, &cursor);)
		count--;
	assert_int_equal(count, 0);
	map_done(&map);
}

static void test_buffer(void **state)
{
	struct buffer buffer = {0};
	struct text *text;

	(void)state;
	buffer_drop(&buffer, 0);
	assert_string_equal(buffer_string(&buffer), "");
	buffer_add(&buffer, NULL, 0);
	buffer_add_string(&buffer, "ab");
	buffer_add_byte(&buffer, 'c');
	buffer_format(&buffer, "%d%s", 42, "");
	assert_string_equal(buffer_string(&buffer), "abc42");
	assert_int_equal(buffer.length, 5);
	buffer_drop(&buffer, 3);
	assert_string_equal(buffer_string(&buffer), "42");
	for (int i = 0; i < 1000; i++)
		buffer_format(&buffer, "%04d", i);
	assert_int_equal(buffer.length, 4002);
	assert_memory_equal(buffer.bytes + 3998, "0999", 4);
	buffer_format(&buffer, "%0*d", 70000, 7); /* more than there is room for */
	assert_int_equal(buffer.length, 74002);
	assert_string_equal(buffer_string(&buffer) + 73995, "0000007");
	buffer.length = 4002;
	text = buffer_take_text(&buffer);
	assert_int_equal(text->length, 4002);
	assert_int_equal(buffer.length, 0);
	assert_null(buffer.bytes);
	text_unref(text);
	text = buffer_take_text(&buffer);
	assert_int_equal(text->length, 0);
	text_unref(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intern),
		cmocka_unit_test(test_watchers),
		cmocka_unit_test(test_own_texts),
		cmocka_unit_test(test_replace_by_itself),
		cmocka_unit_test(test_many_texts),
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
