/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/utf8.h"

#include <string.h>

static bool is_continuation(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

size_t utf8_sequence(const char *bytes, size_t length)
{
	unsigned char first = length > 0 ? (unsigned char)bytes[0] : 0xff;
	unsigned char second = length > 1 ? (unsigned char)bytes[1] : 0;

	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return length >= 2 && is_continuation(bytes[1]) ? 2 : 0;
	if (first >= 0xe0 && first <= 0xef) {
		if (length < 3 || !is_continuation(bytes[1]) || !is_continuation(bytes[2]))
			return 0;
		if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f))
			return 0;
		return 3;
	}
	if (first >= 0xf0 && first <= 0xf4) {
		if (length < 4 || !is_continuation(bytes[1]) || !is_continuation(bytes[2]) ||
			!is_continuation(bytes[3]))
			return 0;
		if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
			return 0;
		return 4;
	}
	return 0;
}

static bool is_control(const char *bytes, size_t length)
{
	unsigned char first = (unsigned char)bytes[0];

	if (length == 1)
		return first < 0x20 || first == 0x7f;
	return length == 2 && first == 0xc2 && (unsigned char)bytes[1] < 0xa0;
}

bool utf8_is_clean(const char *string)
{
	size_t length = strlen(string);
	size_t size;

	for (size_t at = 0; at < length; at += size) {
		size = utf8_sequence(string + at, length - at);
		if (size == 0 || is_control(string + at, size))
			return false;
	}
	return true;
}

/* How many of the bytes, from the first on, are ASCII and no control characters. */
static size_t count_printable(const char *bytes, size_t length)
{
	size_t count = 0;

	while (count < length && bytes[count] >= 0x20 && bytes[count] < 0x7f)
		count++;
	return count;
}

void utf8_clean(struct buffer *buffer, const char *bytes, size_t length)
{
	for (size_t at = 0; at < length;) {
		size_t size = count_printable(bytes + at, length - at);

		buffer_add(buffer, bytes + at, size);
		at += size;
		if (at == length)
			break;
		size = utf8_sequence(bytes + at, length - at);
		if (size == 0 || is_control(bytes + at, size))
			buffer_add(buffer, "\xef\xbf\xbd", 3);
		else
			buffer_add(buffer, bytes + at, size);
		at += size ? size : 1;
	}
}
