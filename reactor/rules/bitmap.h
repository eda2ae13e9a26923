/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bitmaps over clauses. Those that are kept are immutable, counted, and shared if they are equal:
 * most values of a field tell the same clauses from the others.
 */
#pragma once

#include "base/map.h"

#include <stdint.h>

/* Bits `first` + i for each bit i of `mask`: clauses of one rule. */
struct bitmap_range {
	size_t first;
	uint64_t mask;
};

struct bitmap {
	unsigned references;
	uint64_t words[];
};

/* Kept bitmaps of one length. Zero-initialised, but for the length, is empty. */
struct bitmap_pool {
	struct map bitmaps;
	size_t words;
};

#define BITMAP_CHUNK 4

/* Words for `bits` of them: whole chunks. */
size_t bitmap_words(size_t bits);

void bitmap_fill(uint64_t *words, size_t bits); /* sets the first `bits`, clears the rest */
void bitmap_set(uint64_t *words, struct bitmap_range range);
void bitmap_clear(uint64_t *words, struct bitmap_range range);

/* The kept bitmap that equals `words`; the caller owns one more reference to it. */
struct bitmap *bitmap_share(struct bitmap_pool *pool, const uint64_t *words);
struct bitmap *bitmap_unref(struct bitmap_pool *pool, struct bitmap *bitmap);

/* Every bitmap must have been given back before. */
void bitmap_pool_done(struct bitmap_pool *pool);
