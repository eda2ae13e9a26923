/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/suggest.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_nearest(void **state)
{
	static const char *const names[] = {
		"slot", "vendor", "vendor_id", "vendor_device", "driver", "kind"};
	static const struct {
		const char *word;
		const char *want;
	} cases[] = {
		{"slto", "slot"},
		{"slot", "slot"},
		{"vendro_id", "vendor_id"},
		{"vendor_devce", "vendor_device"},
		{"DRIVER", "driver"},
		{"drivers", "driver"},
		{"kin", "kind"},
		{"xind", "kind"},
		{"zzzz", NULL},
		{"", NULL},
		{"d", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct suggestion suggestion = {.word = cases[i].word};

		for (size_t n = 0; n < ARRAY_LENGTH(names); n++)
			suggestion_consider(&suggestion, names[n]);
		if ((suggestion.best == NULL) != (cases[i].want == NULL) ||
			(suggestion.best && strcmp(suggestion.best, cases[i].want) != 0))
			fail_msg("%s: is %s", cases[i].word,
				suggestion.best ? suggestion.best : "none");
	}
}

static void test_distance(void **state)
{
	static const struct {
		const char *word;
		const char *name;
		size_t want;
	} cases[] = {
		{"abcdefghi", "abcdefghi", 0},
		{"abcdefghi", "abcdefgh", 1},
		{"abcdefghi", "abcdefghij", 1},
		{"abcdefghi", "abcdeFghi", 0},
		{"abcdefghi", "abdcefghi", 1},
		{"abcdefghi", "xbdcefghi", 2},
		{"abcdefghi", "bcdefghia", 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct suggestion suggestion = {.word = cases[i].word};

		suggestion_consider(&suggestion, cases[i].name);
		assert_ptr_equal(suggestion.best, cases[i].name);
		assert_int_equal(suggestion.distance, cases[i].want);
	}
}

static void test_bounds(void **state)
{
	char word[66] = {0};
	struct suggestion suggestion = {.word = word};

	(void)state;
	memset(word, 'a', 64);
	suggestion_consider(&suggestion, word);
	assert_ptr_equal(suggestion.best, word);
	word[64] = 'a';
	suggestion = (struct suggestion){.word = word};
	suggestion_consider(&suggestion, word);
	assert_null(suggestion.best);
	suggestion = (struct suggestion){.word = "near"};
	for (int i = 0; i < 1000; i++)
		suggestion_consider(&suggestion, "otherwise");
	suggestion_consider(&suggestion, "near");
	assert_null(suggestion.best);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
