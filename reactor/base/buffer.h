/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A growing run of bytes. Zero-initialised is empty. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

struct text;

struct buffer {
	char *bytes;
	size_t length;
	size_t capacity;
};

void buffer_done(struct buffer *buffer);

/* Takes memory for at least `extra` more bytes than there are; for buffer_reserve. */
void buffer_grow(struct buffer *buffer, size_t extra);

/* Room for `extra` more bytes behind the content; returns where they go. */
static inline char *buffer_reserve(struct buffer *buffer, size_t extra)
{
	if (buffer->capacity - buffer->length < extra)
		buffer_grow(buffer, extra);
	return buffer->bytes + buffer->length;
}

void buffer_add(struct buffer *buffer, const void *bytes, size_t length);
void buffer_add_string(struct buffer *buffer, const char *string);

static inline void buffer_add_byte(struct buffer *buffer, char byte)
{
	*buffer_reserve(buffer, 1) = byte;
	buffer->length++;
}

void buffer_format(struct buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void buffer_format_list(struct buffer *buffer, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

/* Forget the first `length` bytes. */
void buffer_drop(struct buffer *buffer, size_t length);

/* The content as a string; NUL follows it. Valid until the next change. */
const char *buffer_string(struct buffer *buffer);

/* The content as a text of its own; the buffer is empty afterwards. Caller owns the text. */
struct text *buffer_take_text(struct buffer *buffer);
