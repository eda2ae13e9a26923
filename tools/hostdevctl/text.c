/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UTF-8 texts for people and terminals. A USB device chooses its own name, so whatever is printed
 * goes through text_clean(). The decoder is ours because mbrtowc() follows the locale, and the
 * daemon's texts are UTF-8 in every locale.
 */
#include "text.h"

#include "output.h"

#include <string.h>
#include <wchar.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* How many bytes a character has by its first one; 0 if none begins so. */
static size_t length_of(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first < 0xe0)
		return 2;
	if (first >= 0xe0 && first < 0xf0)
		return 3;
	return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

uint32_t text_take(const char **text)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *bytes = (const unsigned char *)*text;
	size_t length = length_of(bytes[0]);
	uint32_t character = length <= 1 ? bytes[0] : bytes[0] & (0x7fu >> length);

	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			length = 0;
		else
			character = character << 6 | (bytes[i] & 0x3f);
	}
	if (length == 0 || character < least[length] || character > 0x10ffff ||
		(character >= 0xd800 && character < 0xe000)) {
		*text += 1;
		return 0xfffd;
	}
	*text += length;
	return character;
}

bool text_is_control(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0x061c ||
	       character == 0x200e || character == 0x200f ||
	       (character >= 0x2028 && character <= 0x202e) ||
	       (character >= 0x2066 && character <= 0x2069);
}

char *text_clean(const char *text)
{
	size_t length = 0;
	char *clean = output_must(malloc(strlen(text) * strlen(REPLACEMENT) + 1));

	while (*text) {
		const char *start = text;
		uint32_t character = text_take(&text);
		bool bad = character == 0xfffd || text_is_control(character);
		const char *piece = bad ? REPLACEMENT : start;
		size_t size = bad ? strlen(REPLACEMENT) : (size_t)(text - start);

		memcpy(clean + length, piece, size);
		length += size;
	}
	clean[length] = '\0';
	return clean;
}

/* wcwidth() knows only the characters of the locale: the others take one column. */
static size_t columns_of(uint32_t character)
{
	int columns = wcwidth((wchar_t)character);

	return columns < 0 ? 1 : (size_t)columns;
}

size_t text_width(const char *text)
{
	size_t columns = 0;

	while (*text)
		columns += columns_of(text_take(&text));
	return columns;
}

size_t text_fitting(const char *text, size_t columns)
{
	const char *end = text;

	while (*end) {
		const char *next = end;
		size_t more = columns_of(text_take(&next));

		if (more > columns)
			break;
		columns -= more;
		end = next;
	}
	return (size_t)(end - text);
}
