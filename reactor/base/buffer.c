/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/buffer.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* Most of what is formatted fits: numbers, ids, names. */
#define FORMAT_GUESS 32

void buffer_done(struct buffer *buffer)
{
	free(buffer->bytes);
	*buffer = (struct buffer){0};
}

void buffer_grow(struct buffer *buffer, size_t extra)
{
	size_t capacity = buffer->capacity ? buffer->capacity : 64;

	while (capacity - buffer->length < extra)
		capacity *= 2;
	buffer->bytes = memory_resize(buffer->bytes, capacity, 1);
	buffer->capacity = capacity;
}

void buffer_add(struct buffer *buffer, const void *bytes, size_t length)
{
	if (length == 0)
		return;
	memcpy(buffer_reserve(buffer, length), bytes, length);
	buffer->length += length;
}

void buffer_add_string(struct buffer *buffer, const char *string)
{
	buffer_add(buffer, string, strlen(string));
}

void buffer_format_list(struct buffer *buffer, const char *format, va_list arguments)
{
	va_list again;
	char *at = buffer_reserve(buffer, FORMAT_GUESS);
	size_t room = buffer->capacity - buffer->length;
	int length;

	va_copy(again, arguments);
	length = vsnprintf(at, room, format, arguments);
	if (length < 0)
		abort();
	if ((size_t)length >= room)
		vsnprintf(buffer_reserve(buffer, (size_t)length + 1), (size_t)length + 1, format,
			again);
	va_end(again);
	buffer->length += (size_t)length;
}

void buffer_format(struct buffer *buffer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	buffer_format_list(buffer, format, arguments);
	va_end(arguments);
}

void buffer_drop(struct buffer *buffer, size_t length)
{
	if (length == 0)
		return; /* there may be no bytes at all */
	buffer->length -= length;
	memmove(buffer->bytes, buffer->bytes + length, buffer->length);
}

const char *buffer_string(struct buffer *buffer)
{
	*buffer_reserve(buffer, 1) = '\0';
	return buffer->bytes;
}

struct text *buffer_take_text(struct buffer *buffer)
{
	struct text *text = text_new(buffer->bytes, buffer->length);

	buffer_done(buffer);
	return text;
}
