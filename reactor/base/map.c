/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/map.h"

#include "base/hash.h"
#include "base/memory.h"

#include <assert.h>
#include <string.h>

/* The slot that holds the key, or the empty one where it would go. */
static size_t map_locate(const struct map *map, const char *key, size_t length, uint64_t hash)
{
	size_t at = hash & (map->capacity - 1);

	while (map->slots[at].value) {
		const struct map_slot *slot = &map->slots[at];

		if (slot->hash == hash && slot->length == length &&
			memcmp(slot->key, key, length) == 0)
			break;
		at = (at + 1) & (map->capacity - 1);
	}
	return at;
}

static void map_grow(struct map *map)
{
	struct map old = *map;

	if (map->capacity == 0)
		map->seed = hash_seed(map);
	map->capacity = old.capacity ? old.capacity * 2 : 16;
	map->slots = memory_allocate(map->capacity * sizeof(*map->slots));
	for (size_t i = 0; i < old.capacity; i++) {
		const struct map_slot *slot = &old.slots[i];

		if (slot->value)
			map->slots[map_locate(map, slot->key, slot->length, slot->hash)] = *slot;
	}
	free(old.slots);
}

void map_done(struct map *map)
{
	free(map->slots);
	*map = (struct map){0};
}

void *map_find(const struct map *map, const char *key, size_t length)
{
	if (map->count == 0)
		return NULL;
	return map->slots[map_locate(map, key, length, hash_bytes(map->seed, key, length))].value;
}

void map_add(struct map *map, const char *key, size_t length, void *value)
{
	uint64_t hash;
	size_t at;

	if (map->count >= map->capacity / 2)
		map_grow(map);
	hash = hash_bytes(map->seed, key, length);
	at = map_locate(map, key, length, hash);
	assert(value && !map->slots[at].value);
	map->slots[at] = (struct map_slot){key, length, hash, value};
	map->count++;
}

void *map_take(struct map *map, const char *key, size_t length)
{
	size_t mask = map->capacity - 1;
	size_t at;
	void *value;

	if (map->count == 0)
		return NULL;
	at = map_locate(map, key, length, hash_bytes(map->seed, key, length));
	value = map->slots[at].value;
	if (!value)
		return NULL;
	/* close the hole: a later entry moves back unless it lies between its home and the hole */
	for (size_t next = (at + 1) & mask; map->slots[next].value; next = (next + 1) & mask) {
		size_t home = map->slots[next].hash & mask;

		if (((next - home) & mask) < ((next - at) & mask))
			continue;
		map->slots[at] = map->slots[next];
		at = next;
	}
	map->slots[at] = (struct map_slot){0};
	map->count--;
	return value;
}

void *map_next(const struct map *map, size_t *cursor)
{
	while (*cursor < map->capacity) {
		void *value = map->slots[(*cursor)++].value;

		if (value)
			return value;
	}
	return NULL;
}
