/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is shown of a device, by the numbers that devices/show.c gives to its states. */
#include "lib/unit.h"

#include "devices/show.h"
#include "rules/ruleset.h"

#include <string.h>

enum holder { NOBODY, DECIDED, STANDING };

static struct text_pool pool;

static struct text *word(const char *string)
{
	return string ? text_intern_string(&pool, string) : NULL;
}

static void assert_text(const struct text *got, const char *want)
{
	assert_int_equal(got != NULL, want != NULL);
	if (want)
		assert_string_equal(got->bytes, want);
}

static const struct {
	unsigned number;     /* of the state's rule in devices/show.c; 0: it is reserved */
	const char *verdict; /* group of the rule that holds; NULL: none does */
	unsigned unsafe;     /* that the group overrides */
	const char *twin_of;
	enum holder holder;
	const char *held_of; /* group of the instance */
	const char *before;  /* group that was shown */
	const char *group, *rule;
	enum device_state state;
	const char *reasons, *instance;
} cases[] = {
	{4, "a", 0, NULL, NOBODY, NULL, NULL, "a", "r", STATE_AVAILABLE, NULL, NULL},
	{2, NULL, 0, NULL, NOBODY, NULL, "a", NULL, NULL, STATE_UNMATCHED, NULL, NULL},
	{3, "a", 0, "usb:1-1", NOBODY, NULL, NULL, "a", "r", STATE_BLOCKED,
		"[\"identity-conflict:usb:1-1\"]", NULL},
	{2, NULL, 0, "usb:1-1", NOBODY, NULL, NULL, NULL, NULL, STATE_UNMATCHED,
		"[\"identity-conflict:usb:1-1\"]", NULL},
	{4, "a", 1u << REASON_IDENTITY_CONFLICT, "usb:1-1", NOBODY, NULL, NULL, "a", "r",
		STATE_AVAILABLE, "[\"!identity-conflict:usb:1-1\"]", NULL},
	{3, "a", 1u << REASON_HOST_SWAP, "usb:1-1", NOBODY, NULL, NULL, "a", "r", STATE_BLOCKED,
		"[\"identity-conflict:usb:1-1\"]", NULL},
	{1, "a", 0, NULL, STANDING, "a", "a", "a", "r", STATE_CLAIMED, NULL, "i-7"},
	{1, "b", 0, NULL, STANDING, "a", "a", "a", NULL, STATE_CLAIMED, NULL, "i-7"},
	{1, NULL, 0, NULL, STANDING, "a", "a", "a", NULL, STATE_CLAIMED, NULL, "i-7"},
	{0, "a", 0, NULL, DECIDED, "a", "a", "a", "r", STATE_AVAILABLE, NULL, NULL},
	{0, "b", 0, NULL, DECIDED, "a", "a", "a", NULL, STATE_AVAILABLE, NULL, NULL},
	{0, NULL, 0, NULL, DECIDED, "a", "a", "a", NULL, STATE_AVAILABLE, NULL, NULL},
	{0, "b", 0, NULL, DECIDED, "a", NULL, "b", "r", STATE_AVAILABLE, NULL, NULL},
};

static void check(size_t i)
{
	struct resource_group group = {.name = word(cases[i].verdict), .unsafe = cases[i].unsafe};
	struct rule rule = {.name = word("r"), .number = 3, .group = &group};
	struct instance instance = {.number = 7, .group = word(cases[i].held_of)};
	struct identity identity = {.instance = &instance};
	struct device *device = device_new(word("usb:1-2"));

	instance.phase = cases[i].holder == DECIDED ? INSTANCE_DECIDED : INSTANCE_STANDING;
	device->verdict = cases[i].verdict ? &rule : NULL;
	device->twin_of = word(cases[i].twin_of);
	device->identity = cases[i].holder == NOBODY ? NULL : &identity;
	device->now.group = word(cases[i].before);
	device->now.state = cases[i].before ? STATE_AVAILABLE : STATE_UNMATCHED;
	show_device(device, &pool);
	assert_text(device->now.group, cases[i].group);
	assert_text(device->now.rule, cases[i].rule);
	assert_text(device->now.reasons, cases[i].reasons);
	assert_text(device->now.instance, cases[i].instance);
	assert_int_equal(device->now.state, cases[i].state);
	assert_false(show_device(device, &pool)); /* and nothing differs the second time */
	device_free(device);
	text_unref(group.name);
	text_unref(rule.name);
	text_unref(instance.group);
}

static void test_states_in_their_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check(i);
	text_pool_done(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_states_in_their_order)};

	return cmocka_run_group_tests_name("show", tests, NULL, NULL);
}
