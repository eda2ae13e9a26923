/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What events are told, what stands in them, and what filters may ask of them. */
#include "lib/unit.h"
#include "lib/world.h"

#include <string.h>

static const char rules[] =
	"groups = ( { name = \"a\"; kind = \"pci\"; }, { name = \"b\"; kind = \"pci\"; } );\n"
	"rules = ( { name = \"nvme\"; group = \"a\"; match = ( (\"driver\", \"eq\", \"nvme\") ); "
	"},\n"
	"          { name = \"igb\"; group = \"b\"; match = ( (\"driver\", \"eq\", \"igb\") ); } "
	");\n";

static void put_rules(struct world *world, const char *text, struct vector *moves)
{
	struct ruleset *ruleset = world_load(world, text);

	assert_non_null(ruleset);
	world_put_in_force(&world->claims, ruleset, moves);
}

static struct change *change_at(struct delta *delta, size_t at, enum change_type type)
{
	struct change *change;

	assert_true(at < delta->changes.count);
	change = delta->changes.items[at];
	assert_int_equal(change->type, type);
	return change;
}

static void start(struct world *world)
{
	struct vector moves = {0};
	struct delta delta = {0};

	world_init(world);
	put_rules(world, rules, &moves);
	assert_int_equal(moves.count, 0);
	claims_settle(&world->claims, &delta);
	change_at(&delta, 0, EVENT_RULES_RELOADED);
	delta_done(&delta);
	move_list_done(&moves);
}

static void test_a_move_tells_both_groups(void **state)
{
	struct world world;
	struct delta delta = {0};
	struct change *change;

	(void)state;
	start(&world);
	devices_see(&world.devices, world_facts(&world, "pci:0000:01:00.0 driver=nvme"));
	claims_settle(&world.claims, &delta);
	change = change_at(&delta, 0, EVENT_DEVICE_ADDED);
	assert_non_null(strstr(change->device->bytes, "\"group\":\"a\""));
	assert_null(change->group_before);
	assert_true(text_is(change->group_after, "a"));
	assert_int_equal(change->kinds, KIND_MASK(KIND_PCI));
	delta_done(&delta);

	devices_see(&world.devices, world_facts(&world, "pci:0000:01:00.0 driver=igb"));
	claims_settle(&world.claims, &delta);
	assert_int_equal(delta.changes.count, 3);
	change = change_at(&delta, 0, EVENT_GROUP_LEFT);
	assert_true(text_is(change->group, "a"));
	assert_true(text_is(change->rule, "nvme"));
	assert_string_equal(
		change->device->bytes, "{\"id\":\"pci:0000:01:00.0\",\"state\":\"available\"}");
	change = change_at(&delta, 1, EVENT_DEVICE_CHANGED);
	assert_string_equal(change->changed->bytes, "[\"rule\",\"pci.driver\"]");
	assert_true(text_is(change->group_before, "a"));
	assert_true(text_is(change->group_after, "b"));
	change = change_at(&delta, 2, EVENT_GROUP_JOINED);
	assert_true(text_is(change->group, "b"));
	delta_done(&delta);
	world_done(&world);
}

static void test_json_of_a_device_is_shared(void **state)
{
	struct world world;
	struct delta delta = {0};

	(void)state;
	start(&world);
	devices_see(&world.devices, world_facts(&world, "pci:0000:01:00.0 driver="));
	claims_settle(&world.claims, &delta);
	assert_ptr_equal(change_at(&delta, 0, EVENT_DEVICE_ADDED)->device,
		devices_find(&world.devices, "pci:0000:01:00.0")->now.json);
	delta_done(&delta);
	world_done(&world);
}

static void test_every_member_that_differs_is_named(void **state)
{
	static const struct {
		const char *before, *after, *want;
	} cases[] = {
		{"usb:1-1 name=A", "usb:1-1 name=B", "[\"name\"]"},
		{"usb:1-1", "usb:1-1 parent=usb:usb1", "[\"parent\"]"},
		{"usb:1-1 speed=480", "usb:1-1 speed=5000", "[\"usb.speed\"]"},
		{"usb:1-1 speed=480", "usb:1-1", "[\"usb.speed\"]"},
		{"usb:1-1 bus=1 device=4", "usb:1-1 bus=2 device=5",
			"[\"usb.bus\",\"usb.device\"]"},
		{"pci:0000:01:10.0 slot=01:10.0 driver=a",
			"pci:0000:01:10.0 slot=01:10.0 driver=b kind=sriov-nic physical_slot=3",
			"[\"kinds\",\"pci.driver\",\"sriov-nic.slot\",\"sriov-nic.driver\","
			"\"sriov-nic.physical_slot\"]"},
		{"vgpu:0000:01:10.0/5 type_id=5 name=A", "vgpu:0000:01:10.0/5 type_id=5 name=B",
			"[\"vgpu.name\"]"},
		{"usb:1-1 udev.A=1", "usb:1-1 udev.B=1", "[\"usb.udev.B\",\"usb.udev.A\"]"},
		{"usb:1-1 udev.A=1", "usb:1-1 udev.A=2", "[\"usb.udev.A\"]"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world world;
		struct delta delta = {0};

		start(&world);
		devices_see(&world.devices, world_facts(&world, cases[i].before));
		claims_settle(&world.claims, &delta);
		delta_done(&delta);
		devices_see(&world.devices, world_facts(&world, cases[i].after));
		claims_settle(&world.claims, &delta);
		assert_int_equal(delta.changes.count, 1);
		assert_string_equal(
			change_at(&delta, 0, EVENT_DEVICE_CHANGED)->changed->bytes, cases[i].want);
		delta_done(&delta);
		world_done(&world);
	}
}

/* A subscriber of one kind is told of a device that was of it, or is. */
static void test_a_change_is_of_all_kinds_before_and_after(void **state)
{
	static const char *const looks[] = {"pci:0000:01:10.0", "pci:0000:01:10.0 kind=sriov-nic",
		"pci:0000:01:10.0 kind=sriov-nic driver=a", "pci:0000:01:10.0"};
	unsigned both = KIND_MASK(KIND_PCI) | KIND_MASK(KIND_SRIOV_NIC);
	struct world world;
	struct delta delta = {0};

	(void)state;
	start(&world);
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		devices_see(&world.devices, world_facts(&world, looks[i]));
		claims_settle(&world.claims, &delta);
		assert_int_equal(delta.changes.count, 1);
		assert_int_equal(((struct change *)delta.changes.items[0])->kinds,
			i == 0 ? KIND_MASK(KIND_PCI) : both);
		delta_done(&delta);
	}
	world_done(&world);
}

static void test_moves_of_a_reload(void **state)
{
	struct world world;
	struct vector moves = {0};
	struct delta delta = {0};
	const struct move *move;

	(void)state;
	start(&world);
	devices_see(&world.devices, world_facts(&world, "pci:0000:01:00.0 driver=nvme"));
	devices_see(&world.devices, world_facts(&world, "pci:0000:02:00.0 driver=other"));
	claims_settle(&world.claims, &delta);
	delta_done(&delta);
	put_rules(&world,
		"groups = ( { name = \"all\"; kind = \"pci\"; } );"
		"rules = ( { name = \"r\"; group = \"all\"; match = ( (\"driver\", \"ne\", \"\") "
		"); } );",
		&moves);
	assert_int_equal(moves.count, 2);
	move = moves.items[0];
	assert_true(text_is(move->device, "pci:0000:01:00.0"));
	assert_true(text_is(move->from, "a"));
	assert_true(text_is(move->to, "all"));
	move = moves.items[1];
	assert_null(move->from);
	move_list_done(&moves);
	claims_settle(&world.claims, &delta);
	change_at(&delta, delta.changes.count - 1, EVENT_RULES_RELOADED);
	delta_done(&delta);
	world_done(&world);
}

static void test_a_rule_that_moves_in_the_order_is_no_event(void **state)
{
	struct world world;
	struct vector moves = {0};
	struct delta delta = {0};

	(void)state;
	start(&world);
	devices_see(&world.devices, world_facts(&world, "pci:0000:01:00.0 driver=igb"));
	claims_settle(&world.claims, &delta);
	delta_done(&delta);
	put_rules(&world,
		"groups = ( { name = \"a\"; kind = \"pci\"; }, { name = \"b\"; kind = \"pci\"; } );"
		"rules = ( { name = \"igb\"; group = \"b\"; match = ( (\"driver\", \"eq\", "
		"\"igb\") ); } );",
		&moves);
	assert_int_equal(moves.count, 0);
	claims_settle(&world.claims, &delta);
	assert_int_equal(delta.changes.count, 1);
	change_at(&delta, 0, EVENT_RULES_RELOADED);
	assert_int_equal(devices_find(&world.devices, "pci:0000:01:00.0")->now.rule_number, 1);
	delta_done(&delta);
	world_done(&world);
}

/* Between two settlings the device as told is shown; what changes and changes back is no event. */
static void test_what_is_told_stays_until_it_is_settled(void **state)
{
	const char *id = "pci:0000:01:00.0";
	struct world world;
	struct delta delta = {0};
	const struct device *device;
	struct text *json;

	(void)state;
	start(&world);
	devices_see(&world.devices, world_facts(&world, "pci:0000:01:00.0 driver=nvme"));
	device = devices_find(&world.devices, id);
	assert_null(device_told(device)->facts);
	claims_settle(&world.claims, &delta);
	delta_done(&delta);
	json = text_ref(device_told(device)->json);
	devices_see(&world.devices, world_facts(&world, "pci:0000:01:00.0 driver=igb"));
	devices_show(&world.devices);
	assert_true(text_is(device->now.group, "b"));
	assert_true(text_is(device_told(device)->group, "a"));
	assert_ptr_equal(device_told(device)->json, json);
	devices_see(&world.devices, world_facts(&world, "pci:0000:01:00.0 driver=nvme"));
	claims_settle(&world.claims, &delta);
	assert_int_equal(delta.changes.count, 0);
	assert_string_equal(device_told(device)->json->bytes, json->bytes);
	text_unref(json);
	delta_done(&delta);
	world_done(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_move_tells_both_groups),
		cmocka_unit_test(test_json_of_a_device_is_shared),
		cmocka_unit_test(test_every_member_that_differs_is_named),
		cmocka_unit_test(test_a_change_is_of_all_kinds_before_and_after),
		cmocka_unit_test(test_moves_of_a_reload),
		cmocka_unit_test(test_a_rule_that_moves_in_the_order_is_no_event),
		cmocka_unit_test(test_what_is_told_stays_until_it_is_settled),
	};

	return cmocka_run_group_tests_name("devices_settle", tests, NULL, NULL);
}
