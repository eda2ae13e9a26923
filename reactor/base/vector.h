/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A growing array of pointers. Zero-initialised is empty; what it points at is the caller's. */
#pragma once

#include <stddef.h>

struct vector {
	void **items;
	size_t count;
	size_t capacity;
};

void vector_done(struct vector *vector);
void vector_add(struct vector *vector, void *item);
void vector_insert(struct vector *vector, size_t at, void *item);
void *vector_remove(struct vector *vector, size_t at);
