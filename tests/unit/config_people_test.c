/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names that rules and configuration give, as the numbers that calls are judged by. */
#include "lib/unit.h"
#include "lib/world.h"
#include "people.h"

#include <pwd.h>
#include <unistd.h>

static bool may_claim(
	struct world *world, const struct rights *rights, uid_t uid, gid_t gid, const char *name)
{
	struct text *group = text_intern_string(&world->pool, name);
	struct peer peer = {.uid = uid, .groups = &gid, .group_count = 1};
	bool may =
		rights_permit(rights, &peer, RIGHT_CLAIM, &(struct right_subject){.group = group});

	text_unref(group);
	return may;
}

static void names_become_numbers(void **state)
{
	struct people people = {0};

	(void)state;
	assert_int_equal(people_add(&people, "root"), 0);
	assert_int_equal(people_add(&people, "@root"), 0);
	assert_int_equal(people_add(&people, "nobody"), 0);
	assert_int_equal(people_add(&people, "no such user"), PEOPLE_UNKNOWN);
	assert_int_equal(people_add(&people, "@no such group"), PEOPLE_UNKNOWN);
	assert_int_equal(people_add(&people, "0"), PEOPLE_UNKNOWN);
	assert_int_equal(people.user_count, 2);
	assert_int_equal(people.group_count, 1);
	assert_int_equal(people.users[1], getpwnam("nobody")->pw_uid);
	people_done(&people);
}

static void groups_allow_whom_they_name(void **state)
{
	uid_t nobody = getpwnam("nobody")->pw_uid;
	struct rights rights = {.own = 990};
	struct world world;
	struct ruleset *ruleset;

	(void)state;
	world_init(&world);
	ruleset = world_load(&world,
		"groups = ( { name = \"b\"; kind = \"pci\"; allow = (\"nobody\", \"no-such\"); },\n"
		"{ name = \"a\"; kind = \"pci\"; allow = (\"@daemon\"); },\n"
		"{ name = \"c\"; kind = \"pci\"; allow = (\"@no-such\"); },\n"
		"{ name = \"d\"; kind = \"pci\"; } ); rules = ();");
	assert_non_null(ruleset);
	for (int i = 0; i < 2; i++) { /* again replaces, and leaks nothing */
		struct vector *admissions = people_admissions(ruleset);

		people_look_up(admissions);
		people_allow(admissions, &rights);
		assert_int_equal(rights.allowances.count, 3);
		assert_true(may_claim(&world, &rights, nobody, 12345, "b"));
		assert_false(may_claim(&world, &rights, nobody, 12345, "a"));
		assert_true(may_claim(&world, &rights, 12345, 1, "a"));
		assert_false(may_claim(&world, &rights, nobody, 1, "c"));
		assert_false(may_claim(&world, &rights, nobody, 1, "d"));
		assert_true(may_claim(&world, &rights, 0, 12345, "c"));
	}
	rights_done(&rights);
	ruleset_free(ruleset);
	world_done(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_become_numbers),
		cmocka_unit_test(groups_allow_whom_they_name),
	};

	return cmocka_run_group_tests_name("config_people", tests, NULL, NULL);
}
