/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/memory.h"
#include "devices/drift.h"
#include "lib/unit.h"
#include "lib/world.h"

#include <stdio.h>
#include <string.h>

static struct world world;
static struct looking looks;
static struct drift drift;
static struct vector opinions;

static int set_up(void **state)
{
	(void)state;
	world_init(&world);
	looking_init(&looks, &world.pool);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	opinions_done(&opinions);
	drift_done(&drift);
	drift = (struct drift){0};
	looking_done(&looks);
	world_done(&world);
	return 0;
}

static void see(const char *words)
{
	devices_see(&world.devices, world_facts(&world, words));
}

static void list(const char *form, const char *id)
{
	struct opinion *opinion = memory_allocate(sizeof(*opinion));

	snprintf(opinion->form, sizeof(opinion->form), "%s", form);
	snprintf(opinion->id, sizeof(opinion->id), "%s", id);
	vector_add(&opinions, opinion);
}

/* One comparison: `asked` are the ids to look at, `told` the lines, each followed by `;`. */
static void assert_comparison(const char *asked, const char *told)
{
	struct vector lines = {0};
	char got[2][512] = {"", ""};
	struct look *look;
	bool again = drift_compare(&drift, &world.devices.inventory, &opinions, &looks, &lines);

	while ((look = looking_take(&looks))) {
		strcat(strcat(got[0], look->id->bytes), ";");
		look_free(look);
	}
	for (size_t i = 0; i < lines.count; i++) {
		strcat(strcat(got[1], lines.items[i]), ";");
		free(lines.items[i]);
	}
	vector_done(&lines);
	assert_string_equal(got[0], asked);
	assert_string_equal(got[1], told);
	assert_int_equal(again, asked[0] != '\0');
}

#define STICK "usb:1-2 life=1 name=x bus=1 device=7 vendor_id=46f4 model_id=0001"

static void equal_lists_have_no_drift(void **state)
{
	(void)state;
	assert_comparison("", "");
	see(STICK);
	see("pci:0000:01:00.0 life=2 name=y slot=01:00.0");
	list("46f4:0001 at bus 1 device 7", "usb:1-2");
	assert_comparison("", "");
	list("46f4:0001 at bus 1 device 7", "usb:1-2"); /* named twice */
	assert_comparison("", "");
}

static void a_difference_is_looked_at_before_it_is_told_and_told_once(void **state)
{
	(void)state;
	see(STICK);
	list("0627:0001 at bus 1 device 5", "usb:1-4.1");
	assert_comparison("usb:1-2;usb:1-4.1;", "");
	assert_comparison("", "46f4:0001 at bus 1 device 7 usb:1-2 is in sysfs only;"
			      "0627:0001 at bus 1 device 5 usb:1-4.1 is in libusb's list only;");
	assert_comparison("", "");
}

static void a_difference_that_a_look_mends_is_none(void **state)
{
	(void)state;
	list("46f4:0001 at bus 1 device 7", "usb:1-2");
	assert_comparison("usb:1-2;", "");
	see(STICK);
	assert_comparison("", "");
	devices_lose(&world.devices, "usb:1-2");
	assert_comparison("usb:1-2;", "");
	opinions_done(&opinions);
	assert_comparison("", "");
}

static void another_difference_of_the_same_device_is_looked_at_first(void **state)
{
	(void)state;
	see(STICK);
	assert_comparison("usb:1-2;", "");
	see("usb:1-2 life=3 name=x bus=1 device=8 vendor_id=46f4 model_id=0001");
	assert_comparison("usb:1-2;", "");
	assert_comparison("", "46f4:0001 at bus 1 device 8 usb:1-2 is in sysfs only;");
}

static void a_difference_that_comes_back_is_told_again(void **state)
{
	(void)state;
	see(STICK);
	assert_comparison("usb:1-2;", "");
	assert_comparison("", "46f4:0001 at bus 1 device 7 usb:1-2 is in sysfs only;");
	list("46f4:0001 at bus 1 device 7", "usb:1-2");
	assert_comparison("", "");
	opinions_done(&opinions);
	assert_comparison("usb:1-2;", "");
	assert_comparison("", "46f4:0001 at bus 1 device 7 usb:1-2 is in sysfs only;");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(equal_lists_have_no_drift),
		TEST(a_difference_is_looked_at_before_it_is_told_and_told_once),
		TEST(a_difference_that_a_look_mends_is_none),
		TEST(another_difference_of_the_same_device_is_looked_at_first),
		TEST(a_difference_that_comes_back_is_told_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
