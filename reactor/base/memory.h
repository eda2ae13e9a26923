/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allocation that cannot fail (it aborts), and ownership helpers. */
#pragma once

#include <stddef.h>
#include <stdlib.h>

/* Zeroed memory; aborts when there is none. Freed with free(). */
void *memory_allocate(size_t size) __attribute__((malloc, returns_nonnull, warn_unused_result));

/* Array of `count` items of `size` bytes, resized; new items are not zeroed; aborts on overflow. */
void *memory_resize(void *memory, size_t count, size_t size)
	__attribute__((returns_nonnull, warn_unused_result));

/*
 * Room for one more behind the `count` items of an array that nothing else resizes. It grows to
 * powers of two, so that many small arrays need not each keep what they could hold.
 */
void *memory_make_room(void *memory, size_t count, size_t size)
	__attribute__((returns_nonnull, warn_unused_result));

char *memory_duplicate(const char *string) __attribute__((malloc, returns_nonnull));
char *memory_format(const char *format, ...)
	__attribute__((malloc, returns_nonnull, format(printf, 1, 2)));

#define container_of(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))
