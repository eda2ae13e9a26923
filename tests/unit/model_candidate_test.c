/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ids of vGPU candidates, and looks at the function that carries them. */
#include "model/candidate.h"

#include "base/clock.h"
#include "lib/unit.h"
#include "model/look.h"

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

static void a_look_for_candidates_is_one_at_their_function(void **state)
{
	struct text_pool pool = {0};
	struct looks looks;
	struct look *look;

	(void)state;
	looks_init(&looks, &pool);
	looks_add(&looks, "vgpu:0000:41:00.4/558", CLOCK_NEVER);
	looks_add(&looks, "pci:0000:41:00.4", 7);
	looks_add(&looks, "vgpu:0000:41:00.4/559", CLOCK_NEVER);
	look = looks_take(&looks);
	assert_true(text_is(look->id, "pci:0000:41:00.4"));
	assert_int_equal(look->since, 7);
	look_free(look);
	assert_null(looks_take(&looks));
	looks_done(&looks);
	text_pool_done(&pool);
}

/* A look is derived as long as nothing but other looks asked for it. */
static void an_event_makes_a_derived_look_its_own(void **state)
{
	struct text_pool pool = {0};
	struct looks looks;
	struct look *look;

	(void)state;
	looks_init(&looks, &pool);
	looks_add_derived(&looks, "pci:0000:41:00.4", 9);
	assert_int_equal(looks_add(&looks, "pci:0000:41:00.4", 10)->since, 9);
	looks_add_derived(&looks, "pci:0000:41:00.4", 8);
	look = looks_take(&looks);
	assert_false(look->derived);
	assert_int_equal(look->since, 8);
	/* put off, while another look asks for the same */
	looks_defer(&looks, look, 0, 0);
	looks_add_derived(&looks, "pci:0000:41:00.4", 11);
	looks_wake(&looks, 20);
	look = looks_take(&looks);
	assert_false(look->derived);
	look_free(look);
	assert_null(looks_take(&looks));
	looks_add_derived(&looks, "pci:0000:41:00.4", 9);
	look = looks_take(&looks);
	assert_true(look->derived);
	look_free(look);
	looks_done(&looks);
	text_pool_done(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_carrier_is_in_the_id),
		cmocka_unit_test(only_functions_carry_candidates),
		cmocka_unit_test(a_look_for_candidates_is_one_at_their_function),
		cmocka_unit_test(an_event_makes_a_derived_look_its_own),
	};

	return cmocka_run_group_tests_name("model_candidate", tests, NULL, NULL);
}
