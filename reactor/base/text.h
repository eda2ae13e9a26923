/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Immutable counted texts. A value of a field, the JSON of a device, a piece of a reply: each
 * is made once, shared by everyone who refers to it, and freed with its last reference.
 *
 * Interned texts (text_intern) are equal only if they are the same pointer, so that comparing two
 * values needs no look at the bytes. A pool forgets a text with its last reference: a device that
 * invents serial numbers leaves nothing behind.
 *
 * Whoever keeps something about a text, and not the text, watches it: a weak reference, by address.
 *
 * Counting is not atomic: texts belong to the reactor's one thread.
 */
#pragma once

#include "base/vector.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A hash table like struct map, but of nothing besides the texts: a machine has several of its own
 * for each device, and hashing them again is rare and costs less than keeping hashes and keys.
 */
struct text_table {
	struct text **slots;
	size_t capacity; /* a power of two, or 0 */
	size_t count;
	uint64_t seed;
};

struct text_pool {
	struct text_table texts;
	struct vector watchers; /* of struct text_watcher, borrowed */
};

/* A header of 16 bytes without a hole: one byte more is often 16 in the allocator. */
struct text {
	uint32_t references : 31;
	bool watched : 1;
	uint32_t length;
	struct text_pool *pool; /* NULL: not interned */
	char bytes[];		/* `length` of them, then a NUL */
};

/* Someone who is told of the end of watched texts. */
struct text_watcher {
	/* `text` is still whole; no text of its pool may be made or given back meanwhile */
	void (*gone)(struct text_watcher *watcher, const struct text *text);
};

/* A text of its own, with one reference that the caller owns. At most 4 GiB - 1. */
struct text *text_new(const char *bytes, size_t length);

/* The pool's text of these bytes; the caller owns one more reference to it. */
struct text *text_intern(struct text_pool *pool, const char *bytes, size_t length);
struct text *text_intern_string(struct text_pool *pool, const char *string);

/* NULL is taken and returned. */
struct text *text_ref(struct text *text);
struct text *text_unref(struct text *text);
void text_vector_done(struct vector *texts); /* of struct text, a reference each */

/* *slot gives up what it held and takes over the caller's reference to `text`. */
void text_replace(struct text **slot, struct text *text);

/*
 * From now until text_pool_unwatch, `watcher` is told when the last reference to an interned text
 * of this pool goes that anyone has marked by text_watch, which counts as no reference.
 */
void text_pool_watch(struct text_pool *pool, struct text_watcher *watcher);
void text_pool_unwatch(struct text_pool *pool, struct text_watcher *watcher);
void text_watch(struct text *text);

/* Every text must have been given back before, and every watcher. */
void text_pool_done(struct text_pool *pool);

static inline bool text_is(const struct text *text, const char *string)
{
	return text && __builtin_strcmp(text->bytes, string) == 0;
}
