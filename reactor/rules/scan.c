/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libconfig 1.5 can be stopped (@include of a fifo), killed (@include of a folder calls exit),
 * slowed down (a `{}` is quadratic in its settings) and misled (integers wrap, two strings without
 * a comma become one) by what it reads. So each text is walked once, byte by byte, with libconfig's
 * own idea of strings and comments, and what would do that is refused with a better message than
 * `syntax error`. So is what its releases take differently: leading zeros, binary and octal
 * integers, needless commas. A parser of our own was rejected: two grammars would drift apart.
 */
#include "rules/scan.h"

#include "base/number.h"
#include "base/utf8.h"

#include <string.h>

#define DEPTH_MOST    16
#define SETTINGS_MOST 64

/* How much of a wrong word a message shows. */
#define SHOWN 64

struct bracket {
	char opener; /* 0: the file itself, which is like the inside of a `{}` */
	unsigned line;
	unsigned settings;
};

struct scan {
	const char *at;
	const char *end;
	unsigned line;
	char previous; /* first byte of the token before; '"' after a whole string */
	struct bracket open[DEPTH_MOST + 1];
	size_t depth;
	bool bad_integer; /* scanning goes on behind it */

	const char *file;
	struct rule_errors *errors;
};

#define scan_error(scan, line, hint, ...)                                                          \
	rule_errors_add((scan)->errors, (scan)->file, line, hint, __VA_ARGS__)

/* Every function below returns false where the text cannot be followed any further. */

static bool scan_string(struct scan *scan)
{
	const char *start = scan->at;
	size_t shown;

	if (scan->previous == '"') {
		scan_error(scan, scan->line, "put a comma between them",
			"two strings without a comma between them");
		return false;
	}
	for (scan->at++; scan->at < scan->end && *scan->at != '"'; scan->at++) {
		if (*scan->at == '\n')
			break;
		if (*scan->at != '\\' || scan->at + 1 == scan->end || scan->at[1] == '\n')
			continue;
		scan->at++;
		if (scan->end - scan->at > 2 && memcmp(scan->at, "x00", 3) == 0) {
			scan_error(scan, scan->line, "leave it out", "\\x00 inside a string");
			return false;
		}
	}
	if (scan->at == scan->end || *scan->at != '"') {
		shown = strcspn(start, "\n");
		scan_error(scan, scan->line, "end it with a quote on the same line",
			"a string is not closed: %.*s", shown > SHOWN ? SHOWN : (int)shown, start);
		return false;
	}
	scan->at++;
	return true;
}

static bool scan_block_comment(struct scan *scan)
{
	unsigned first = scan->line;

	for (scan->at += 2; scan->end - scan->at >= 2; scan->at++) {
		if (scan->at[0] == '*' && scan->at[1] == '/') {
			scan->at += 2;
			return true;
		}
		if (*scan->at == '\n')
			scan->line++;
	}
	scan_error(scan, first, "end it with */", "a comment is not closed");
	return false;
}

static bool scan_line_comment(struct scan *scan)
{
	const char *end = memchr(scan->at, '\n', (size_t)(scan->end - scan->at));

	scan->at = end ? end : scan->end;
	return true;
}

static bool scan_open(struct scan *scan)
{
	if (scan->depth == DEPTH_MOST) {
		scan_error(scan, scan->line, "nest less deeply",
			"brackets are nested more than %d deep", DEPTH_MOST);
		return false;
	}
	scan->open[++scan->depth] = (struct bracket){*scan->at++, scan->line, 0};
	return true;
}

static char closer_of(char opener)
{
	return opener == '(' ? ')' : opener == '[' ? ']' : '}';
}

static bool scan_close(struct scan *scan)
{
	const struct bracket *open = &scan->open[scan->depth];
	char closer = *scan->at;

	if (scan->depth == 0) {
		scan_error(scan, scan->line, "remove it, or open it before", "`%c` closes nothing",
			closer);
		return false;
	}
	if (closer != closer_of(open->opener)) {
		scan_error(scan, scan->line, "close brackets in the order they were opened",
			"`%c` does not close the `%c` of line %u", closer, open->opener,
			open->line);
		return false;
	}
	if (scan->previous == ',' && closer != '}') {
		scan_error(scan, scan->line, "remove the comma", "a comma before `%c`", closer);
		return false;
	}
	scan->depth--;
	scan->at++;
	return true;
}

static bool scan_comma(struct scan *scan)
{
	if (scan->previous == ',') {
		scan_error(scan, scan->line, "remove one", "two commas in a row");
		return false;
	}
	scan->at++;
	return true;
}

static bool scan_assignment(struct scan *scan)
{
	struct bracket *open = &scan->open[scan->depth];

	scan->at++;
	if (++open->settings <= SETTINGS_MOST)
		return true;
	scan_error(scan, scan->line, "no group or rule has that many keys",
		"more than %d settings in one `{}`", SETTINGS_MOST);
	return false;
}

static bool is_word(char byte)
{
	return byte &&
	       strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-*", byte);
}

/* Whether `word` is an integer to libconfig, and its size does not fit 32 bits. */
static bool is_wide_integer(const char *word, size_t length)
{
	bool negative = length > 0 && *word == '-';
	unsigned base = 10;
	uint64_t number;

	while (length > 1 && word[length - 1] == 'L')
		length--;
	if (length > 1 && (*word == '-' || *word == '+')) {
		word++;
		length--;
	}
	if (length > 2 && word[0] == '0' && (word[1] | 0x20) == 'x') {
		word += 2;
		length -= 2;
		base = 16;
	}
	for (size_t i = 0; i < length; i++)
		if (!number_parse(word + i, 1, base, 15, &number))
			return false;
	return !number_parse(word, length, base, INT32_MAX + (uint64_t)negative, &number);
}

static size_t count_digits(const char *word, size_t length)
{
	size_t count = 0;

	while (count < length && word[count] >= '0' && word[count] <= '9')
		count++;
	return count;
}

/*
 * Integers that are another number, or none, to another release of libconfig: 012 is 12 to 1.5 and
 * 1.8 and 10 to 1.7, which has no 089 at all; 0b, 0o and 0q are of 1.8. False: that was told.
 */
static bool check_notation(struct scan *scan, const char *word, size_t length)
{
	size_t signs = length > 0 && (*word == '-' || *word == '+');
	int shown = length > SHOWN ? SHOWN : (int)length;
	const char *digits = word + signs;
	size_t zeros = 0;

	length -= signs;
	while (length > 1 && digits[length - 1] == 'L')
		length--;
	while (zeros + 1 < length && digits[zeros] == '0')
		zeros++;
	if (zeros > 0 && zeros + count_digits(digits + zeros, length - zeros) == length)
		scan_error(scan, scan->line,
			"leave the zeros out; as the value of a condition, quote it",
			"%.*s begins with a zero: decimal to libconfig 1.5 and 1.8, octal to 1.7",
			shown, word);
	else if (zeros == 1 && strchr("bBoOqQ", digits[1]))
		scan_error(scan, scan->line,
			"write it in decimal or 0x; as the value of a condition, quote it",
			"%.*s is no number to libconfig before 1.8", shown, word);
	else
		return true;
	scan->bad_integer = true;
	return false;
}

static bool scan_word(struct scan *scan)
{
	const char *start = scan->at;
	size_t length;

	while (scan->at < scan->end && is_word(*scan->at))
		scan->at++;
	length = (size_t)(scan->at - start);
	if (check_notation(scan, start, length) && is_wide_integer(start, length)) {
		scan_error(scan, scan->line,
			"use a smaller number; as the value of a condition, quote it",
			"%.*s does not fit an integer of 32 bits",
			length > SHOWN ? SHOWN : (int)length, start);
		scan->bad_integer = true;
	}
	return true;
}

static bool scan_stranger(struct scan *scan)
{
	if (*scan->at == '@')
		scan_error(scan, scan->line, "put each part in a file of its own",
			"`@include` is not allowed");
	else
		scan_error(scan, scan->line, "texts belong in quotes, comments behind #",
			"`%.*s` outside of quotes",
			(int)utf8_sequence(scan->at, (size_t)(scan->end - scan->at)), scan->at);
	return false;
}

static bool scan_token(struct scan *scan)
{
	switch (*scan->at) {
	case '"':
		return scan_string(scan);
	case '(':
	case '[':
	case '{':
		return scan_open(scan);
	case ')':
	case ']':
	case '}':
		return scan_close(scan);
	case '=':
	case ':':
		return scan_assignment(scan);
	case ',':
		return scan_comma(scan);
	case ';':
		scan->at++;
		return true;
	}
	return is_word(*scan->at) ? scan_word(scan) : scan_stranger(scan);
}

/* Blanks and comments leave `previous` alone: a comma before them is a comma before what follows.
 */
static bool scan_next(struct scan *scan)
{
	char first = *scan->at;
	char second = scan->end - scan->at > 1 ? scan->at[1] : '\0';
	bool followed;

	if (first == '\n')
		scan->line++;
	if (strchr(" \t\r\n\f", first)) {
		scan->at++;
		return true;
	}
	if (first == '/' && second == '*')
		return scan_block_comment(scan);
	if (first == '#' || (first == '/' && second == '/'))
		return scan_line_comment(scan);
	followed = scan_token(scan);
	scan->previous = first;
	return followed;
}

/* NUL bytes end a C string early; a value that is not UTF-8 would never match. */
static bool scan_bytes(const struct rule_text *text, struct rule_errors *errors)
{
	unsigned line = 1;

	for (size_t at = 0; at < text->length;) {
		size_t size = utf8_sequence(text->bytes + at, text->length - at);

		if (text->bytes[at] == '\0' || size == 0) {
			rule_errors_add(errors, text->file, line, "save the file as UTF-8 text",
				text->bytes[at] ? "bytes that are not UTF-8" : "a NUL byte");
			return false;
		}
		if (text->bytes[at] == '\n')
			line++;
		at += size;
	}
	return true;
}

bool scan_text(const struct rule_text *text, struct rule_errors *errors)
{
	struct scan scan = {
		.at = text->bytes,
		.end = text->bytes + text->length,
		.line = 1,
		.file = text->file,
		.errors = errors,
	};

	if (!scan_bytes(text, errors))
		return false;
	while (scan.at < scan.end)
		if (!scan_next(&scan))
			return false;
	if (scan.depth > 0) {
		scan_error(&scan, scan.open[scan.depth].line, "close it", "`%c` is not closed",
			scan.open[scan.depth].opener);
		return false;
	}
	return !scan.bad_integer;
}
