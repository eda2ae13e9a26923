/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random searches, regexes above all: every value that one holds for has the bigrams that it is
 * said to require, or the matcher would not have asked.
 */
#include "base/memory.h"
#include "lib/cases.h"
#include "lib/unit.h"
#include "rules/bigram.h"
#include "rules/op.h"
#include "rules/pattern.h"

#include <stdio.h>

/* How many values searches that require bigrams held for. */
static unsigned long searches_held[OP_COUNT];

/* `count` of the parts at random. */
static struct text *random_text(const char *const *of, unsigned kinds, unsigned count)
{
	struct buffer made = {0};

	for (unsigned i = 0; i < count; i++)
		buffer_add_string(&made, of[random_below(kinds)]);
	return buffer_take_text(&made);
}

/* Random parts, and pieces of what is searched for: else little would ever be found. */
static struct text *random_value(const struct text *searched)
{
	/* U+017F and U+212A are an s and a k; a lone byte is no UTF-8 */
	static const char *const of[] = {"a", "a", "b", "b", "c", "\u00fc", "ab", "ba", "(", ")",
		"]", "{", "}", "2", "|", "-", "A", "B", "\u00dc", "s", "S", "\u017f", "k", "K",
		"\u212a", "0", "00", "0:", ".", "_", "[", " ", "1", "\n", "\xc3", "\xbc", "Q", "E",
		"x", "#", ",", "\\"};
	unsigned kinds = random_below(2) ? 8 : ARRAY_LENGTH(of);
	struct buffer made = {0};

	for (unsigned left = random_below(8); left > 0; left--) {
		unsigned from = random_below(searched->length + 1);

		if (random_below(3))
			buffer_add_string(&made, of[random_below(kinds)]);
		else
			buffer_add(&made, searched->bytes + from,
				random_below(searched->length - from + 1));
	}
	return buffer_take_text(&made);
}

static void try_search(const struct condition *test)
{
	uint64_t bigrams = bigram_required(test);
	bool limit_hit;

	for (unsigned i = 0; i < 8; i++) {
		struct text *value = random_value(test->value);

		if (op_holds(test, value, &limit_hit)) {
			searches_held[test->op] += bigrams != 0;
			if (bigrams & ~bigram_set(value->bytes, value->length))
				fail_msg("%s `%s` holds for `%s`", op_name(test->op),
					test->value->bytes, value->bytes);
		}
		text_unref(value);
	}
}

static struct text *random_regex(void)
{
	static const char *const of[] = {"a", "a", "b", "b", "c", "\u00fc", "ab", "ba", "*", "+",
		"?", "{2}", "{0,1}", "{,2}", "{", "}", "(", ")", "(?:", "(?i)", "(?=", "(a|b)",
		"(b)?", "|", "[", "]", "[ab]", "[^a]", "[]a]", "[[:alpha:]]", ".", "^", "$", "-",
		"\\", "\\d", "\\b", "\\Q", "\\E", "\\(", "\\|", "\\-", "\\1", "\\K", "{0}", "{1,}",
		"{ 0 }", "*?", "++", "*+", "??", "(?!", "(?<=", "(?<!", "(?>", "(?|", "(?<n>a)",
		"\\k<n>", "(?x)", "(?-i)", "(?s:", "(?#", "(?(1)a|b)", "(?1)", "(?R)", "(*ACCEPT)",
		"(*F)", "(*UCP)", "(*COMMIT)", "(*atomic:", "\\x61", "\\x{62}", "\\141", "\\o{142}",
		"\\N", "\\R", "\\X", "\\h", "\\w", "\\W", "\\s", "\\A", "\\z", "\\Z", "\\G",
		"\\p{L}", "\\cA", "\\a", "\\_", "\\ ", "\\\u00fc", " ", "#", "\n", "[a-c]", "[^]a]",
		"[a\\]b]", "[\\d]", "[a-\\d]", "[", "0", "2", "s", "k", "x", ",", ":"};
	/* letters and quantifiers; what pairs now and then; all: few of these compile, or match */
	const unsigned kinds[] = {13, 44, ARRAY_LENGTH(of)};

	return random_text(of, kinds[random_below(3)], 1 + random_below(8));
}

static struct text *random_words(void)
{
	static const char *const of[] = {"a", "b", "ab", "A", "\u00fc", "\u00dc", "s", "k",
		"\u212a", "0", "00", "0:", ".", "_", "[", "]", "(", " ", "1", "-", "\\", "{", ","};

	return random_text(of, ARRAY_LENGTH(of), random_below(4));
}

static void run_search_case(void)
{
	static const enum op searches[] = {
		OP_BEGINS_WITH, OP_ENDS_WITH, OP_CONTAINS, OP_CONTAINS_NOCASE};
	bool regex = random_below(2);
	struct condition test = {
		.op = regex ? OP_REGEX : searches[random_below(ARRAY_LENGTH(searches))],
		.value = regex ? random_regex() : random_words(),
		.value_type = VALUE_TEXT,
	};
	enum pattern_syntax syntax = regex ? PATTERN_REGEX : PATTERN_NOCASE;
	struct pattern_engine *engine = pattern_engine_new(0);
	struct buffer message = {0};

	if (pattern_new(engine, syntax, test.value, &message, &test.pattern) == 0)
		try_search(&test);
	pattern_free(test.pattern);
	pattern_engine_free(engine);
	buffer_done(&message);
	text_unref(test.value);
}

static void required_bigrams_are_there(void **state)
{
	(void)state;
	cases_run(run_search_case, 60000);
	if (!cases_are_many())
		return;
	for (enum op op = OP_BEGINS_WITH; op < OP_COUNT; op++)
		if (searches_held[op] == 0)
			fail_msg("%s never held", op_name(op));
	printf("# regexes that require bigrams held for %lu values\n", searches_held[OP_REGEX]);
	assert_true(searches_held[OP_REGEX] > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(required_bigrams_are_there, cases_tell_seed),
	};

	return cmocka_run_group_tests_name("bigram", tests, NULL, NULL);
}
