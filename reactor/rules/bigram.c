/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules name models, and most values are no model that a given rule names: so nearly all searches,
 * and runs of PCRE2 above all, can be spared. (PCRE2 looks for one character first, which is often
 * there.)
 *
 * Of a regex, the longest run of plain characters counts that stands outside brackets and that no
 * quantifier makes optional. This reads a small part of the syntax, and finds nothing in whatever
 * it does not know: options, verbs, assertions, quotation, alternatives of the whole.
 */
#include "rules/bigram.h"

#include "base/buffer.h"

#include <string.h>

struct regex_reader {
	const char *at;
	const char *end;
	unsigned depth; /* of brackets */
	struct buffer run;
	struct buffer best;
};

uint64_t bigram_set(const char *bytes, size_t length)
{
	uint64_t set = 0;

	for (size_t i = 1; i < length; i++) {
		uint32_t pair =
			(uint32_t)(unsigned char)bytes[i - 1] << 8 | (unsigned char)bytes[i];

		set |= UINT64_C(1) << (pair * 0x9e3779b1u >> 26);
	}
	return set;
}

static void end_run(struct regex_reader *reader)
{
	struct buffer longer = reader->run;

	if (reader->run.length > reader->best.length) {
		reader->run = reader->best;
		reader->best = longer;
	}
	buffer_drop(&reader->run, reader->run.length);
}

/* The last character may be missing, or may be there many times. */
static void drop_last(struct regex_reader *reader)
{
	struct buffer *run = &reader->run;

	while (run->length > 0 && (run->bytes[--run->length] & 0xc0) == 0x80)
		;
	end_run(reader);
}

/* A backslash and one more: a class or an assertion of one letter, or a character as it is. */
static bool read_escape(struct regex_reader *reader)
{
	const char escaped = reader->at < reader->end ? *reader->at++ : 'Q';

	if (strchr("dDwWsSbBAzZ", escaped))
		end_run(reader);
	else if (strchr("^$.*+?()[]{}|/\\-_ :,;=!#", escaped))
		buffer_add_byte(&reader->run, escaped);
	else
		return false;
	return true;
}

static bool read_class(struct regex_reader *reader)
{
	const char *close;

	end_run(reader);
	if (reader->at < reader->end && *reader->at == '^')
		reader->at++;
	if (reader->at == reader->end || *reader->at == ']')
		return false;
	close = memchr(reader->at, ']', (size_t)(reader->end - reader->at));
	if (!close || memchr(reader->at, '[', (size_t)(close - reader->at)) ||
		memchr(reader->at, '\\', (size_t)(close - reader->at)))
		return false;
	reader->at = close + 1;
	return true;
}

static bool read_repetition(struct regex_reader *reader)
{
	drop_last(reader);
	reader->at += strspn(reader->at, "0123456789,");
	return *reader->at++ == '}';
}

static bool read_open(struct regex_reader *reader)
{
	end_run(reader);
	reader->depth++;
	return reader->at < reader->end && *reader->at != '?' && *reader->at != '*';
}

static bool read_one(struct regex_reader *reader)
{
	const char byte = *reader->at++;

	switch (byte) {
	case '\\':
		return read_escape(reader);
	case '[':
		return read_class(reader);
	case '(':
		return read_open(reader);
	case '{':
		return read_repetition(reader);
	case ')':
		end_run(reader);
		return reader->depth-- > 0;
	case '|':
		end_run(reader);
		return reader->depth > 0;
	case '*':
	case '+':
	case '?':
		drop_last(reader);
		return true;
	case '.':
	case '^':
	case '$':
		end_run(reader);
		return true;
	}
	buffer_add_byte(&reader->run, byte);
	return true;
}

static uint64_t regex_required(const struct text *source)
{
	struct regex_reader reader = {.at = source->bytes, .end = source->bytes + source->length};
	uint64_t required = 0;
	bool known = true;

	while (known && reader.at < reader.end) {
		known = read_one(&reader);
		if (reader.depth > 0)
			buffer_drop(&reader.run, reader.run.length);
	}
	end_run(&reader);
	if (known)
		required = bigram_set(reader.best.bytes, reader.best.length);
	buffer_done(&reader.run);
	buffer_done(&reader.best);
	return required;
}

/* Of a text that is looked for without case: pairs that have no other. */
static uint64_t nocase_required(const struct text *text)
{
	static const char *const caseless = "0123456789 -_./:()[]";
	uint64_t required = 0;

	for (size_t i = 0; i < text->length;) {
		size_t length = strspn(text->bytes + i, caseless);

		required |= bigram_set(text->bytes + i, length);
		i += length + 1;
	}
	return required;
}

uint64_t bigram_required(const struct condition *condition)
{
	if (condition->type != CONDITION_TEST)
		return 0;
	switch (condition->op) {
	case OP_EQUAL:
	case OP_BEGINS_WITH:
	case OP_ENDS_WITH:
	case OP_CONTAINS:
		return bigram_set(condition->value->bytes, condition->value->length);
	case OP_CONTAINS_NOCASE:
		return nocase_required(condition->value);
	case OP_REGEX:
		return regex_required(condition->value);
	case OP_NOT_EQUAL:
	case OP_LESS:
	case OP_LESS_OR_EQUAL:
	case OP_GREATER:
	case OP_GREATER_OR_EQUAL:
	case OP_COUNT:
		break;
	}
	return 0;
}
