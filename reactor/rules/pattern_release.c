/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A walk over the pattern with just as much of its grammar as tells where a brace or `\x` stands
 * for itself: escapes, classes, \Q...\E and comments. What it takes wrongly all the same costs a
 * finding, no device.
 */
#include "rules/pattern_release.h"

#include <string.h>

/* PCRE2's own idea of these, whatever the locale. */
static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_hex_digit(char byte)
{
	return byte && strchr("0123456789abcdefABCDEF", byte);
}

static const char *skip_digits(const char *at)
{
	while (is_digit(*at))
		at++;
	return at;
}

static const char *skip_blanks(const char *at, bool *blanks)
{
	for (; *at == ' ' || *at == '\t'; at++)
		*blanks = true;
	return at;
}

/* A quantifier from 10.43 on that was text before; `at` is its brace. NULL, or what is behind it.
 */
static const char *new_quantifier(const char *at)
{
	bool blanks = false;
	const char *least = skip_blanks(at + 1, &blanks);
	const char *behind_least = skip_digits(least);
	const char *most = NULL;

	at = skip_blanks(behind_least, &blanks);
	if (*at == ',') {
		most = skip_blanks(at + 1, &blanks);
		at = skip_digits(most);
		if (at == most && behind_least == least)
			return NULL; /* {,} */
		at = skip_blanks(at, &blanks);
	} else if (behind_least == least) {
		return NULL;
	}
	return *at == '}' && (blanks || behind_least == least) ? at + 1 : NULL;
}

static void tell_quantifier(
	const char *at, const char *end, struct buffer *ret_what, struct buffer *ret_fix)
{
	const char *inside = at + 1 + strspn(at + 1, " \t");

	buffer_format(ret_what,
		"`%.*s` is text to PCRE2 up to 10.42 and a repetition from 10.43 on",
		(int)(end - at), at);
	buffer_add_string(ret_fix, "write `{");
	if (*inside == ',')
		buffer_add_byte(ret_fix, '0');
	for (; inside < end; inside++)
		if (*inside != ' ' && *inside != '\t')
			buffer_add_byte(ret_fix, *inside);
	buffer_format(ret_fix, "` to repeat, `[{]%.*s` for the text", (int)(end - at - 1), at + 1);
}

static void tell_hex(struct buffer *ret_what, struct buffer *ret_fix)
{
	buffer_add_string(ret_what, "`\\x` without digits is the NUL character to PCRE2 10.42 "
				    "and an error to 10.46");
	buffer_add_string(ret_fix, "write the digits of the character behind it, as in `\\x41`");
}

static const char *skip_past(const char *at, const char *closer)
{
	const char *end = strstr(at, closer);

	return end ? end + strlen(closer) : at + strlen(at);
}

/* `at` is a backslash that is not `\x` without digits; returns what is behind its construct. */
static const char *skip_escape(const char *at)
{
	char letter = at[1];

	if (letter == '\0')
		return at + 1;
	if (letter == 'Q')
		return skip_past(at + 2, "\\E");
	if (letter == 'c' && at[2] != '\0')
		return at + 3;
	if ((strchr("pPgkox", letter) && at[2] == '{') || strncmp(at + 1, "N{U+", 4) == 0)
		return skip_past(at + 3, "}");
	return at + 2;
}

static bool is_bare_hex(const char *at)
{
	return at[0] == '\\' && at[1] == 'x' && at[2] != '{' && !is_hex_digit(at[2]);
}

/* Whether `at`, in a class, begins a name as [:alpha:]. */
static bool is_class_name(const char *at)
{
	size_t letters;

	if (at[0] != '[' || at[1] != ':')
		return false;
	letters = strspn(at + 2, "^abcdefghijklmnopqrstuvwxyz");
	return at[2 + letters] == ':' && at[3 + letters] == ']';
}

/* Over a class, of which `at` is the bracket; stops early at `\x` without digits. */
static const char *skip_class(const char *at)
{
	at += at[1] == '^' ? 2 : 1;
	if (*at == ']')
		at++;
	while (*at && *at != ']') {
		if (is_bare_hex(at))
			return at;
		at = *at == '\\'	 ? skip_escape(at)
		     : is_class_name(at) ? skip_past(at, ":]")
					 : at + 1;
	}
	return *at ? at + 1 : at;
}

bool pattern_release_differs(
	const struct text *source, struct buffer *ret_what, struct buffer *ret_fix)
{
	const char *at = source->bytes;

	while (*at) {
		const char *end = *at == '{' ? new_quantifier(at) : NULL;

		if (end) {
			tell_quantifier(at, end, ret_what, ret_fix);
			return true;
		}
		if (is_bare_hex(at)) {
			tell_hex(ret_what, ret_fix);
			return true;
		}
		if (*at == '\\')
			at = skip_escape(at);
		else if (*at == '[')
			at = skip_class(at);
		else if (strncmp(at, "(?#", 3) == 0)
			at = skip_past(at, ")");
		else
			at++;
	}
	return false;
}
