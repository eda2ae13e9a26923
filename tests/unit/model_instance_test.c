/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ids of instances. */
#include "model/instance.h"

#include "lib/unit.h"

static void an_id_is_a_number(void **state)
{
	static const struct {
		const char *id;
		int64_t want; /* 0: no id */
	} cases[] = {
		{"i-1", 1},
		{"i-10", 10},
		{"i-9223372036854775807", INT64_MAX},
		{"i-9223372036854775808", 0},
		{"i-18446744073709551617", 0},
		{"i-0", 0},
		{"i-01", 0},
		{"i-", 0},
		{"i--1", 0},
		{"i-+1", 0},
		{"i- 1", 0},
		{"i-1 ", 0},
		{"i-1x", 0},
		{"i-0x1", 0},
		{"I-1", 0},
		{"i1", 0},
		{"1", 0},
		{"", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t number = -7;
		char id[INSTANCE_ID_SIZE];

		assert_int_equal(instance_parse_id(cases[i].id, &number), cases[i].want != 0);
		assert_true(number == (cases[i].want ? cases[i].want : -7));
		if (!cases[i].want)
			continue;
		instance_format_id(number, id);
		assert_string_equal(id, cases[i].id);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(an_id_is_a_number)};

	return cmocka_run_group_tests_name("model/instance", tests, NULL, NULL);
}
