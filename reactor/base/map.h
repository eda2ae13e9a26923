/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hash map from byte strings to pointers: open addressing, linear probing, removal by shifting
 * back, so there are no tombstones. Keys are borrowed: they lie in the value and live as long as
 * their entry.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct map_slot {
	const char *key;
	size_t length;
	uint64_t hash;
	void *value; /* NULL: empty */
};

struct map {
	struct map_slot *slots;
	size_t capacity; /* a power of two, or 0 */
	size_t count;
	uint64_t seed;
};

/* Zero-initialised is empty. The values are the caller's. */
void map_done(struct map *map);

void *map_find(const struct map *map, const char *key, size_t length);

/* Adds `value` under a key that must not be there yet. */
void map_add(struct map *map, const char *key, size_t length, void *value);

/* Removes and returns the value, or NULL. */
void *map_take(struct map *map, const char *key, size_t length);

/* Walks all values in no order: start with *cursor = 0, ends with NULL. No change meanwhile. */
void *map_next(const struct map *map, size_t *cursor);
