/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/pattern.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static enum pattern_result match(uint32_t limit, enum pattern_syntax syntax, const char *source,
	const char *subject, size_t length)
{
	struct pattern_engine *engine = pattern_engine_new(limit);
	struct text *source_text = text_new(source, strlen(source));
	struct text *subject_text = text_new(subject, length);
	struct buffer message = {0};
	struct pattern *pattern = NULL;
	enum pattern_result result;

	if (pattern_new(engine, syntax, source_text, &message, &pattern) != 0)
		fail_msg("%s: %s", source, buffer_string(&message));
	result = pattern_match(pattern, subject_text);
	pattern_free(pattern);
	pattern_engine_free(engine);
	text_unref(source_text);
	text_unref(subject_text);
	buffer_done(&message);
	return result;
}

static void test_matching(void **state)
{
	static const struct {
		enum pattern_syntax syntax;
		const char *source;
		const char *subject;
		enum pattern_result want;
	} cases[] = {
		{PATTERN_REGEX, "", "", PATTERN_MATCH}, {PATTERN_REGEX, "b", "abc", PATTERN_MATCH},
		{PATTERN_REGEX, "^b", "abc", PATTERN_NO_MATCH},
		{PATTERN_REGEX, "(a)(b)(c)\\3", "abcc", PATTERN_MATCH},
		{PATTERN_REGEX, "\\p{Lu}", "\xc3\x84", PATTERN_MATCH},
		{PATTERN_REGEX, "a",
			"\xff\xfe"
			"a",
			PATTERN_MATCH}, /* not UTF-8: no error */
		{PATTERN_REGEX, "^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
			PATTERN_LIMIT_HIT},
		{PATTERN_REGEX, "^(a+)+$", "aaaaaaaa", PATTERN_MATCH},
		{PATTERN_NOCASE, "", "x", PATTERN_MATCH},
		{PATTERN_NOCASE, "ABC", "xabcx", PATTERN_MATCH},
		{PATTERN_NOCASE, "a*", "aaa", PATTERN_NO_MATCH},
		{PATTERN_NOCASE, "\xce\xa3", "x\xcf\x82", PATTERN_MATCH}, /* Sigma, final sigma */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
		if (match(0, cases[i].syntax, cases[i].source, cases[i].subject,
			    strlen(cases[i].subject)) != cases[i].want)
			fail_msg("%s on %s", cases[i].source, cases[i].subject);
}

static void test_limits(void **state)
{
	char *long_text = memory_allocate(200001);

	(void)state;
	memset(long_text, 'a', 200000);
	memcpy(long_text + 199998, "c!", 2);
	/* a lower limit stops what the default allows */
	assert_int_equal(
		match(10, PATTERN_REGEX, "(a|b)*c$", "ababababababababac!", 19), PATTERN_LIMIT_HIT);
	assert_int_equal(
		match(0, PATTERN_REGEX, "(a|b)*c$", "ababababababababac!", 19), PATTERN_NO_MATCH);
	/* depth or heap: with any number of steps */
	assert_int_equal(match(UINT32_MAX, PATTERN_REGEX, "^(a|b)*c$", long_text, 200000),
		PATTERN_LIMIT_HIT);
	/* a literal search has nothing to go back to */
	assert_int_equal(match(0, PATTERN_NOCASE, "AC?", long_text, 200000), PATTERN_NO_MATCH);
	free(long_text);
}

static int try_source(struct pattern_engine *engine, const char *source, struct pattern **pattern)
{
	struct text *text = text_new(source, strlen(source));
	struct buffer message = {0};
	int result = pattern_new(engine, PATTERN_REGEX, text, &message, pattern);

	assert_true((result == 0) == (message.length == 0));
	text_unref(text);
	buffer_done(&message);
	return result;
}

static void test_refused(void **state)
{
	static const char *const sources[] = {"(", "\\C", "a{2,1}", "[z-a]", "(?C1", "*"};
	struct pattern_engine *engine = pattern_engine_new(0);
	char source[PATTERN_SOURCE_MOST + 2] = {0};
	struct pattern *pattern = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(sources); i++)
		assert_int_equal(try_source(engine, sources[i], &pattern), PATTERN_INVALID);
	memset(source, 'a', PATTERN_SOURCE_MOST + 1);
	assert_int_equal(try_source(engine, source, &pattern), PATTERN_INVALID);
	assert_null(pattern);
	source[PATTERN_SOURCE_MOST] = '\0';
	assert_int_equal(try_source(engine, source, &pattern), 0);
	pattern_free(pattern);
	pattern_engine_free(engine);
}

/* Small sources that compile to much are refused before they fill the memory. */
static void test_memory(void **state)
{
	struct pattern_engine *engine = pattern_engine_new(0);
	static struct pattern *patterns[10000];
	size_t count = 0;

	(void)state;
	while (count < ARRAY_LENGTH(patterns) &&
		try_source(engine, "(a|b){4000}", &patterns[count]) == 0)
		count++;
	assert_true(count > 500);
	assert_true(count < ARRAY_LENGTH(patterns));
	/* and none is compiled after that: it would be refused as well, later */
	assert_int_equal(try_source(engine, "a", &patterns[count]), PATTERN_INVALID);
	while (count > 0)
		pattern_free(patterns[--count]);
	pattern_engine_free(engine);
}

static void test_null(void **state)
{
	(void)state;
	assert_null(pattern_free(NULL));
	assert_null(pattern_engine_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matching),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
