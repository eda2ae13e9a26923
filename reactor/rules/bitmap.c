/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/bitmap.h"

#include "base/memory.h"

#include <assert.h>
#include <string.h>

#define WORD_BITS 64

size_t bitmap_words(size_t bits)
{
	size_t words = (bits + WORD_BITS - 1) / WORD_BITS;

	return (words + BITMAP_CHUNK - 1) / BITMAP_CHUNK * BITMAP_CHUNK;
}

void bitmap_fill(uint64_t *words, size_t bits)
{
	memset(words, 0, bitmap_words(bits) * sizeof(*words));
	memset(words, 0xff, bits / WORD_BITS * sizeof(*words));
	if (bits % WORD_BITS)
		words[bits / WORD_BITS] = (UINT64_C(1) << bits % WORD_BITS) - 1;
}

/* The part of the range in the word behind that of its first bit. */
static uint64_t range_rest(struct bitmap_range range)
{
	return range.first % WORD_BITS ? range.mask >> (WORD_BITS - range.first % WORD_BITS) : 0;
}

void bitmap_set(uint64_t *words, struct bitmap_range range)
{
	uint64_t rest = range_rest(range);

	words[range.first / WORD_BITS] |= range.mask << range.first % WORD_BITS;
	if (rest)
		words[range.first / WORD_BITS + 1] |= rest;
}

void bitmap_clear(uint64_t *words, struct bitmap_range range)
{
	uint64_t rest = range_rest(range);

	words[range.first / WORD_BITS] &= ~(range.mask << range.first % WORD_BITS);
	if (rest)
		words[range.first / WORD_BITS + 1] &= ~rest;
}

struct bitmap *bitmap_share(struct bitmap_pool *pool, const uint64_t *words)
{
	size_t size = pool->words * sizeof(*words);
	struct bitmap *bitmap = map_find(&pool->bitmaps, (const char *)words, size);

	if (!bitmap) {
		bitmap = memory_allocate(sizeof(*bitmap) + size);
		memcpy(bitmap->words, words, size);
		map_add(&pool->bitmaps, (const char *)bitmap->words, size, bitmap);
	}
	bitmap->references++;
	return bitmap;
}

struct bitmap *bitmap_unref(struct bitmap_pool *pool, struct bitmap *bitmap)
{
	if (!bitmap || --bitmap->references > 0)
		return NULL;
	map_take(&pool->bitmaps, (const char *)bitmap->words, pool->words * sizeof(uint64_t));
	free(bitmap);
	return NULL;
}

void bitmap_pool_done(struct bitmap_pool *pool)
{
	assert(pool->bitmaps.count == 0);
	map_done(&pool->bitmaps);
}
