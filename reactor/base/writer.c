/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/writer.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <string.h>

static void writer_separate(struct writer *writer)
{
	if (writer->comma)
		buffer_add_byte(&writer->out, ',');
	writer->comma = true;
}

void writer_open(struct writer *writer, char bracket)
{
	writer_separate(writer);
	buffer_add_byte(&writer->out, bracket);
	writer->comma = false;
}

void writer_close(struct writer *writer, char bracket)
{
	buffer_add_byte(&writer->out, bracket);
	writer->comma = true;
}

static void add_escaped(struct buffer *out, unsigned char byte)
{
	switch (byte) {
	case '"':
		buffer_add(out, "\\\"", 2);
		break;
	case '\\':
		buffer_add(out, "\\\\", 2);
		break;
	case '\n':
		buffer_add(out, "\\n", 2);
		break;
	case '\t':
		buffer_add(out, "\\t", 2);
		break;
	default:
		buffer_format(out, "\\u%04x", byte);
	}
}

static bool is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/* How many of the bytes, from the first on, stand in JSON as they are. */
static size_t count_plain(const char *bytes, size_t length)
{
	size_t count = 0;

	while (count < length && is_plain((unsigned char)bytes[count]))
		count++;
	return count;
}

static void add_escapes(struct buffer *out, const char *bytes, size_t length)
{
	for (size_t at = 0; at < length;) {
		size_t size = count_plain(bytes + at, length - at);

		buffer_add(out, bytes + at, size);
		at += size;
		if (at == length)
			break;
		size = utf8_sequence(bytes + at, length - at);
		if (size == 1)
			add_escaped(out, (unsigned char)bytes[at]);
		else if (size == 0)
			buffer_add(out, "\xef\xbf\xbd", 3);
		else
			buffer_add(out, bytes + at, size);
		at += size ? size : 1;
	}
}

static void add_quoted(struct buffer *out, const char *bytes, size_t length)
{
	size_t plain = count_plain(bytes, length);
	char *at = buffer_reserve(out, plain + 2); /* all there is to most texts */

	*at++ = '"';
	if (plain > 0)
		memcpy(at, bytes, plain);
	out->length += plain + 1;
	if (plain < length)
		add_escapes(out, bytes + plain, length - plain);
	buffer_add_byte(out, '"');
}

void writer_key(struct writer *writer, const char *key)
{
	writer_separate(writer);
	add_quoted(&writer->out, key, strlen(key));
	buffer_add_byte(&writer->out, ':');
	writer->comma = false;
}

void writer_bytes(struct writer *writer, const char *bytes, size_t length)
{
	writer_separate(writer);
	add_quoted(&writer->out, bytes, length);
}

void writer_string(struct writer *writer, const char *string)
{
	writer_bytes(writer, string, strlen(string));
}

void writer_raw(struct writer *writer, const char *bytes, size_t length)
{
	writer_separate(writer);
	buffer_add(&writer->out, bytes, length);
}

void writer_key_string(struct writer *writer, const char *key, const char *string)
{
	if (!string)
		return;
	writer_key(writer, key);
	writer_string(writer, string);
}

void writer_key_text(struct writer *writer, const char *key, const struct text *text)
{
	if (!text)
		return;
	writer_key(writer, key);
	writer_bytes(writer, text->bytes, text->length);
}

void writer_key_raw(struct writer *writer, const char *key, const struct text *text)
{
	if (!text)
		return;
	writer_key(writer, key);
	writer_raw(writer, text->bytes, text->length);
}

void writer_key_number(struct writer *writer, const char *key, int64_t number)
{
	writer_key(writer, key);
	writer_separate(writer);
	buffer_format(&writer->out, "%" PRId64, number);
}

void writer_key_boolean(struct writer *writer, const char *key, bool value)
{
	writer_key(writer, key);
	writer_separate(writer);
	buffer_add_string(&writer->out, value ? "true" : "false");
}

struct text *writer_take(struct writer *writer)
{
	writer->comma = false;
	return buffer_take_text(&writer->out);
}
