/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ids of vGPU candidates. */
#include "model/candidate.h"

#include "lib/unit.h"

static void the_carrier_is_in_the_id(void **state)
{
	static const struct {
		const char *id;
		const char *want; /* NULL: no candidate's id */
	} cases[] = {
		{"vgpu:0000:41:00.4/558", "pci:0000:41:00.4"},
		{"vgpu:0000:3b:00.0/230.12", "pci:0000:3b:00.0"},
		{"vgpu:10000:3b:00.0/4294967295.1024", "pci:10000:3b:00.0"},
		{"vgpu:0000:41:00.4", NULL},
		{"vgpu:41:00.4/558", NULL},
		{"vgpu:0000:41:00.4x/558", NULL},
		{"vgpu:/558", NULL},
		{"vgpu:1-2/558", NULL},
		{"vgpu/0000:41:00.4", NULL},
		{"pci:0000:41:00.4/558", NULL},
		{"pci:0000:41:00.4", NULL},
		{"vgpux:0000:41:00.4/558", NULL},
		{"/", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char carrier[PLACE_ID_SIZE] = "untouched";

		assert_int_equal(candidate_carrier(cases[i].id, carrier), cases[i].want != NULL);
		assert_string_equal(carrier, cases[i].want ? cases[i].want : "untouched");
	}
}

static void only_functions_carry_candidates(void **state)
{
	char prefix[CANDIDATE_ID_SIZE] = "untouched";

	(void)state;
	assert_false(candidate_prefix("usb:1-2", prefix));
	assert_false(candidate_prefix("vgpu:0000:41:00.4/558", prefix));
	assert_false(candidate_prefix("", prefix));
	assert_string_equal(prefix, "untouched");
	assert_true(candidate_prefix("pci:ffffffff:ff:1f.7", prefix));
	assert_string_equal(prefix, "vgpu:ffffffff:ff:1f.7/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_carrier_is_in_the_id),
		cmocka_unit_test(only_functions_carry_candidates),
	};

	return cmocka_run_group_tests_name("model_candidate", tests, NULL, NULL);
}
