/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Staged rules: what is counted, and when their swap is overdue. (Scripts tell the events.) */
#include "lib/unit.h"
#include "lib/world.h"

static const char bomb[] = "groups = ( { name = \"g\"; kind = \"pci\"; } );\n"
			   "rules = ( { name = \"r\"; group = \"g\"; match = ( (\"name\", \"rx\", "
			   "\"^(a+)+$\") ); } );";

static void stage(struct world *world, const char *rules)
{
	struct ruleset *ruleset = world_load(world, rules);

	assert_non_null(ruleset);
	devices_stage_rules(&world->devices, ruleset);
}

static void decide_all(struct world *world)
{
	struct device *device;

	while ((device = devices_stage_next(&world->devices)))
		devices_stage_device(&world->devices, device, NULL);
}

static void test_limits_count_once_the_rules_are_in_force(void **state)
{
	const char device[] = "pci:0000:01:00.0 name=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!";
	struct vector moves = {0};
	struct world world;
	const uint64_t *hits = &world.counters.values[COUNTER_REGEX_LIMIT_HITS];

	(void)state;
	world_init(&world);
	devices_see(&world.devices, world_facts(&world, device));
	stage(&world, bomb);
	decide_all(&world);
	stage(&world, bomb); /* what was thrown away never counts */
	decide_all(&world);
	assert_int_equal(*hits, 0);
	devices_swap_rules(&world.devices, &moves);
	assert_int_equal(*hits, 1);
	devices_lose(&world.devices, "pci:0000:01:00.0");
	devices_see(&world.devices, world_facts(&world, device));
	assert_int_equal(*hits, 2);
	move_list_done(&moves);
	world_done(&world);
}

static void test_a_device_that_never_rests_makes_it_overdue(void **state)
{
	struct vector moves = {0};
	struct world world;
	unsigned changes = 0;

	(void)state;
	world_init(&world);
	devices_see(&world.devices, world_facts(&world, "pci:0000:01:00.0"));
	devices_see(&world.devices, world_facts(&world, "pci:0000:02:00.0"));
	stage(&world, "rules = ();");
	decide_all(&world);
	assert_false(devices_stage_is_overdue(&world.devices));
	while (!devices_stage_is_overdue(&world.devices)) {
		devices_see(&world.devices,
			world_facts(&world, changes++ % 2 ? "pci:0000:01:00.0 driver=a"
							  : "pci:0000:01:00.0 driver=b"));
		decide_all(&world);
	}
	assert_int_equal(changes, 3); /* two for each device, and one */
	devices_swap_rules(&world.devices, &moves);
	stage(&world, "rules = ();");
	assert_false(devices_stage_is_overdue(&world.devices));
	world_done(&world);
}

static void test_equal_facts_are_no_change(void **state)
{
	struct vector moves = {0};
	struct delta delta = {0};
	struct world world;

	(void)state;
	world_init(&world);
	devices_see(&world.devices, world_facts(&world, "pci:0000:01:00.0"));
	claims_settle(&world.claims, &delta);
	delta_done(&delta);
	stage(&world, "rules = ();");
	devices_stage_device(&world.devices, devices_stage_next(&world.devices),
		world_facts(&world, "pci:0000:01:00.0"));
	devices_swap_rules(&world.devices, &moves);
	assert_int_equal(world.devices.touched.count, 0); /* each would be described anew */
	world_done(&world);
}

static void test_an_end_while_rules_are_staged_leaves_nothing(void **state)
{
	struct world world;

	(void)state;
	world_init(&world);
	devices_see(&world.devices, world_facts(&world, "pci:0000:01:00.0"));
	devices_see(&world.devices, world_facts(&world, "pci:0000:02:00.0"));
	stage(&world, bomb);
	devices_stage_device(&world.devices, devices_stage_next(&world.devices),
		world_facts(&world, "pci:0000:01:00.0 driver=other"));
	world_done(&world); /* aborts if a text is left */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits_count_once_the_rules_are_in_force),
		cmocka_unit_test(test_a_device_that_never_rests_makes_it_overdue),
		cmocka_unit_test(test_equal_facts_are_no_change),
		cmocka_unit_test(test_an_end_while_rules_are_staged_leaves_nothing),
	};

	return cmocka_run_group_tests_name("devices_stage", tests, NULL, NULL);
}
