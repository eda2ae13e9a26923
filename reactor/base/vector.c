/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/vector.h"

#include "base/memory.h"

#include <assert.h>
#include <string.h>

void vector_done(struct vector *vector)
{
	free(vector->items);
	*vector = (struct vector){0};
}

void vector_add(struct vector *vector, void *item)
{
	vector_insert(vector, vector->count, item);
}

void vector_insert(struct vector *vector, size_t at, void *item)
{
	assert(at <= vector->count);
	if (vector->count == vector->capacity) {
		vector->capacity = vector->capacity ? vector->capacity * 2 : 8;
		vector->items = memory_resize(vector->items, vector->capacity, sizeof(void *));
	}
	memmove(vector->items + at + 1, vector->items + at, (vector->count - at) * sizeof(void *));
	vector->items[at] = item;
	vector->count++;
}

void *vector_remove(struct vector *vector, size_t at)
{
	void *item;

	assert(at < vector->count);
	item = vector->items[at];
	vector->count--;
	memmove(vector->items + at, vector->items + at + 1, (vector->count - at) * sizeof(void *));
	return item;
}
