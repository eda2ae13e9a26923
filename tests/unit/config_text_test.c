/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"
#include "lib/unit.h"

#include <string.h>

static const struct {
	const char *text;
	unsigned line; /* of the first error; 0: valid */
	size_t ring;
} cases[] = {
	{"", 0, 65536},
	{"# a comment that the end of the file ends", 0, 65536},
	{"ring = 16;", 0, 16},
	{"ring = 16; // too", 0, 16},
	{"\nring = 15;", 2, 0},
	{"rings = 2;\nring = 1;\nreader_group = \"\";", 1, 0},
	{"@include \"/etc/passwd\"", 1, 0},
	{"ring = 16;\nlimits = {", 2, 0},
	{"ring = 16;\nlimits\n\n \n", 2, 0},
};

static void a_text_is_a_configuration_or_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rule_text text = {
			(char *)"c.conf", (char *)cases[i].text, strlen(cases[i].text)};
		struct rule_errors errors = {0};
		struct config config = {0};
		int result = config_load_text(&text, &errors, &config);
		const struct rule_error *first =
			errors.errors.count > 0 ? errors.errors.items[0] : NULL;

		assert_int_equal(result, cases[i].line > 0 ? LOAD_INVALID : 0);
		assert_int_equal(first ? first->line : 0, cases[i].line);
		assert_int_equal(config.limits.ring, cases[i].ring);
		config_done(&config);
		rule_errors_done(&errors);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_text_is_a_configuration_or_errors)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
