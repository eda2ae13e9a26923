/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void *memory_allocate(size_t size)
{
	void *memory = calloc(1, size ? size : 1);

	if (!memory)
		abort();
	return memory;
}

void *memory_resize(void *memory, size_t count, size_t size)
{
	void *resized = reallocarray(memory, count ? count : 1, size);

	if (!resized)
		abort();
	return resized;
}

void *memory_make_room(void *memory, size_t count, size_t size)
{
	if (count & (count - 1)) /* not 0, 1, 2, 4, ... */
		return memory;
	return memory_resize(memory, count ? count * 2 : 1, size);
}

char *memory_duplicate(const char *string)
{
	char *copy = strdup(string);

	if (!copy)
		abort();
	return copy;
}

char *memory_format(const char *format, ...)
{
	va_list arguments;
	char *string;

	va_start(arguments, format);
	if (vasprintf(&string, format, arguments) < 0)
		abort();
	va_end(arguments);
	return string;
}
