/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Membership, topology and rights: one table of decisions each. */
#include "lib/unit.h"
#include "lib/world.h"
#include "rules/ruleset.h"

#include "base/clock.h"
#include "claims/rights.h"
#include "devices/topology.h"

#include <string.h>

static void test_first_enabled_rule_of_its_kind(void **state)
{
	static const struct {
		const char *device, *group, *rule;
		unsigned number;
	} cases[] = {
		{"pci:0000:01:00.0 driver=nvme", "b", "second", 2},
		{"pci:0000:01:00.0 driver=igb", "a", "third", 3},
		{"pci:0000:01:00.0 driver=", NULL, NULL, 0},
		{"usb:1-1 path=1-1", "keys", "usb", 4},
	};
	struct world world;
	struct ruleset *ruleset;

	(void)state;
	world_init(&world);
	ruleset = world_load(&world,
		"groups = ( { name = \"a\"; kind = \"pci\"; }, { name = \"b\"; kind = \"pci\"; },\n"
		"           { name = \"keys\"; kind = \"usb\"; } );\n"
		"rules = ( { name = \"first\"; group = \"a\"; enabled = false;\n"
		"            match = ( (\"driver\", \"eq\", \"nvme\") ); },\n"
		"          { name = \"second\"; group = \"b\"; match = ( (\"driver\", \"eq\", "
		"\"nvme\") ); },\n"
		"          { name = \"third\"; group = \"a\"; match = ( (\"driver\", \"ne\", \"\") "
		"); },\n"
		"          { name = \"usb\"; group = \"keys\"; match = ( (\"path\", \"bw\", \"1\") "
		"); } );\n");
	assert_non_null(ruleset);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct facts *facts = world_facts(&world, cases[i].device);
		const struct rule *found = ruleset_decide(ruleset, facts);

		assert_int_equal(found != NULL, cases[i].group != NULL);
		if (found) {
			assert_int_equal(found->number, cases[i].number);
			assert_string_equal(found->group->name->bytes, cases[i].group);
			assert_string_equal(found->name->bytes, cases[i].rule);
		}
		facts_unref(facts);
	}
	ruleset_free(ruleset);
	world_done(&world);
}

static void test_virtual_functions_depend_on_their_physical_one(void **state)
{
	static const char *const devices[] = {
		"pci:0000:01:00.0 function=physical",
		"pci:0000:01:10.0 function=virtual physical_function=01:00.0 "
		"parent=pci:0000:01:00.0",
		"pci:0000:01:10.2 function=virtual physical_function=01:00.0 "
		"parent=pci:0000:01:00.0",
		"pci:0000:02:10.0 function=virtual physical_function=02:00.0 "
		"parent=pci:0000:02:00.0",
		"usb:usb1 parent=pci:0000:01:00.0",
	};
	struct world world;
	struct looking looks;
	struct facts *facts;
	struct look *look;

	(void)state;
	world_init(&world);
	looking_init(&looks, &world.pool);
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		devices_see(&world.devices, world_facts(&world, devices[i]));
	facts = world_facts(&world, "pci:0000:02:00.0 function=plain");
	topology_add_dependents(&world.devices.inventory, facts, 5, &looks);
	assert_null(looking_take(&looks));
	facts_unref(facts);
	facts = world_facts(&world, devices[0]);
	topology_add_dependents(&world.devices.inventory, facts, 5, &looks);
	look = looking_take(&looks);
	assert_true(text_is(look->id, "pci:0000:01:10.0"));
	assert_int_equal(look->since, 5);
	look_free(look);
	look = looking_take(&looks);
	assert_true(text_is(look->id, "pci:0000:01:10.2"));
	look_free(look);
	assert_null(looking_take(&looks));
	facts_unref(facts);
	looking_done(&looks);
	world_done(&world);
}

/* The ids of all looks, each followed by a blank; all must be derived ones. */
static void take_looks(struct looking *looks, char line[static 256])
{
	struct look *look;

	line[0] = '\0';
	while ((look = looking_take(looks))) {
		assert_true(look->derived);
		assert_true(strlen(line) + look->id->length + 2 < 256);
		strcat(strcat(line, look->id->bytes), " ");
		look_free(look);
	}
}

static void test_vgpu_siblings_depend_on_each_other(void **state)
{
	static const char *const devices[] = {
		"pci:0000:41:00.0 function=physical offers=vgpus",
		"pci:0000:41:00.4 function=virtual physical_function=41:00.0 "
		"parent=pci:0000:41:00.0 offers=vgpus | vgpu:0000:41:00.4/5 "
		"physical_function=41:00.0 parent=pci:0000:41:00.4",
		"pci:0000:41:00.5 function=virtual physical_function=41:00.0 "
		"parent=pci:0000:41:00.0 offers=vgpus",
		"pci:0000:41:00.6 function=virtual physical_function=41:00.0 "
		"parent=pci:0000:41:00.0",
		"pci:0000:42:00.4 function=virtual physical_function=42:00.0 "
		"parent=pci:0000:42:00.0 offers=vgpus",
		"pci:0000:43:00.0 function=plain offers=vgpus | vgpu:0000:43:00.0/230.1 "
		"parent=pci:0000:43:00.0",
		"pci:0000:44:00.0 function=physical",
		"pci:0000:44:00.4 function=virtual physical_function=44:00.0 "
		"parent=pci:0000:44:00.0 offers=vgpus",
		"pci:0000:44:00.5 function=virtual physical_function=44:00.0 "
		"parent=pci:0000:44:00.0 offers=vgpus",
	};
	static const struct {
		const char *looked_at;
		int64_t since;
		const char *want;
	} cases[] = {
		{"pci:0000:41:00.4", 5, "pci:0000:41:00.0 pci:0000:41:00.5 "},
		{"pci:0000:41:00.4", CLOCK_NEVER, ""}, /* a scan looks at them anyway */
		{"pci:0000:41:00.0", 5, "pci:0000:41:00.4 pci:0000:41:00.5 pci:0000:41:00.6 "},
		{"pci:0000:41:00.6", 5, ""}, /* its types, were there any, are not on a list */
		{"pci:0000:42:00.4", 5, ""}, {"pci:0000:43:00.0", 5, ""},
		{"pci:0000:44:00.4", 5, "pci:0000:44:00.5 "}, /* a PF that offers none itself */
	};
	struct world world;
	struct looking looks;
	char line[256];

	(void)state;
	world_init(&world);
	looking_init(&looks, &world.pool);
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		world_see_all(&world, devices[i]);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		topology_add_dependents(&world.devices.inventory,
			devices_find(&world.devices, cases[i].looked_at)->now.facts, cases[i].since,
			&looks);
		take_looks(&looks, line);
		assert_string_equal(line, cases[i].want);
	}
	looking_done(&looks);
	world_done(&world);
}

/* What each may do: a(dministrate), c(laim) from `lab`, from `shared`, from a group of neither. */
static const struct {
	uid_t uid;
	gid_t groups[2];
	const char *may;
} peers[] = {
	{0, {7, 8}, "a lab shared other"},
	{990, {7, 8}, "a lab shared other"},  /* the daemon's own */
	{1000, {7, 8}, "a lab shared other"}, /* a configured admin */
	{1001, {7, 50}, "a lab shared other"},
	{1001, {7, 8}, ""},
	{50, {7, 1000}, ""}, /* a uid that is an admin group's number, and the reverse */
	{2000, {7, 8}, "lab"},
	{2001, {60, 8}, "lab shared"},
	{2001, {7, 60}, "lab shared"},
	{60, {2000, 8}, ""},
	{2002, {61, 61}, ""},
};

static bool may_claim(const struct rights *rights, const struct peer *peer, const char *name)
{
	struct text *group = text_new(name, strlen(name));
	struct right_subject subject = {.group = group};
	bool may = rights_permit(rights, peer, RIGHT_CLAIM, &subject);

	text_unref(group);
	return may;
}

static bool may_change(const struct rights *rights, const struct peer *peer, int64_t uid)
{
	struct right_subject subject = {.uid = uid};

	return rights_permit(rights, peer, RIGHT_INSTANCE, &subject);
}

static void allow(struct rights *rights, const char *name, struct people people)
{
	*rights_allow(rights, name) = people;
}

static void test_rights(void **state)
{
	uid_t users[] = {1000, 2000};
	gid_t groups[] = {50, 60};
	struct rights rights = {.own = 990, .admins = {users, 1, groups, 1}};

	(void)state;
	allow(&rights, "lab", (struct people){users + 1, 1, groups + 1, 1});
	allow(&rights, "locked", (struct people){0});
	allow(&rights, "shared", (struct people){NULL, 0, groups + 1, 1});
	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
		struct peer peer = {1, peers[i].uid, (gid_t *)peers[i].groups, 2};
		bool admin = peers[i].may[0] == 'a';

		assert_true(rights_permit(&rights, &peer, RIGHT_READ, NULL));
		assert_int_equal(rights_permit(&rights, &peer, RIGHT_ADMIN, NULL), admin);
		assert_int_equal(
			may_claim(&rights, &peer, "lab"), strstr(peers[i].may, "lab") != NULL);
		assert_int_equal(may_claim(&rights, &peer, "shared"),
			strstr(peers[i].may, "shared") != NULL);
		assert_int_equal(may_claim(&rights, &peer, "locked"), admin);
		assert_int_equal(may_claim(&rights, &peer, "other"), admin);
		assert_true(may_change(&rights, &peer, peers[i].uid));
		assert_int_equal(may_change(&rights, &peer, 4000), admin);
		assert_int_equal(may_change(&rights, &peer, -1), admin);
	}
	for (size_t i = 0; i < rights.allowances.count; i++)
		((struct allowance *)rights.allowances.items[i])->people = (struct people){0};
	rights_allow_nobody(&rights);
	assert_false(may_claim(&rights, &(struct peer){.uid = 2000}, "lab"));
	assert_true(may_claim(&rights, &(struct peer){.uid = 1000}, "lab"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_enabled_rule_of_its_kind),
		cmocka_unit_test(test_virtual_functions_depend_on_their_physical_one),
		cmocka_unit_test(test_vgpu_siblings_depend_on_each_other),
		cmocka_unit_test(test_rights),
	};

	return cmocka_run_group_tests_name("devices_decisions", tests, NULL, NULL);
}
