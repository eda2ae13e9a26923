/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/memory.h"
#include "lib/unit.h"
#include "model/place.h"

#include <stdio.h>
#include <string.h>

static void place_kind_is_strict(void **state)
{
	static const struct {
		const char *name;
		enum kind want;
	} cases[] = {
		{"0000:01:00.0", KIND_PCI},
		{"10000:e1:1f.7", KIND_PCI},
		{"ffffffff:ff:1f.7", KIND_PCI},
		{"usb1", KIND_USB},
		{"usb12", KIND_USB},
		{"1-2", KIND_USB},
		{"1-2.1", KIND_USB},
		{"12-10.3.4.5.6.7.15", KIND_USB},
		{"", KIND_COUNT},
		{".", KIND_COUNT},
		{"..", KIND_COUNT},
		{"01:00.0", KIND_COUNT},	 /* the kernel always writes a domain */
		{"0000:01:00.0 ", KIND_COUNT},	 /* and nothing around */
		{"0000:01:00.8", KIND_COUNT},	 /* functions end at 7 */
		{"0000:01:20.0", KIND_COUNT},	 /* devices at 1f */
		{"0000:AB:00.0", KIND_COUNT},	 /* lower case */
		{"00000:01:00.0", KIND_COUNT},	 /* no needless digit */
		{"0000:01:00.0/..", KIND_COUNT}, /* no path */
		{"pci0000:00", KIND_COUNT},
		{"usb", KIND_COUNT},
		{"usb0", KIND_COUNT},
		{"usb01", KIND_COUNT},
		{"usb1x", KIND_COUNT},
		{"usb1234", KIND_COUNT},
		{"1-0", KIND_COUNT},
		{"1-0:1.0", KIND_COUNT}, /* an interface */
		{"1-2:1.0", KIND_COUNT},
		{"1-", KIND_COUNT},
		{"-1", KIND_COUNT},
		{"1-2.", KIND_COUNT},
		{"1-2..1", KIND_COUNT},
		{"1-2.a", KIND_COUNT},
		{"1-1.1.1.1.1.1.1.1", KIND_COUNT}, /* deeper than USB goes */
		{"1-2.1/../../x", KIND_COUNT},
		{"1-111.111.111.111.111.111.111.111", KIND_COUNT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
		if (place_kind(cases[i].name, strlen(cases[i].name)) != cases[i].want)
			fail_msg("%s", cases[i].name);
	assert_int_equal(place_kind("1-2\0", 4), KIND_COUNT);
	assert_int_equal(place_kind("1-2:1.0", 3), KIND_USB);
}

static void place_of_id_needs_the_right_kind(void **state)
{
	static const struct {
		const char *id;
		enum kind want;
		const char *name;
	} cases[] = {
		{"pci:0000:01:00.0", KIND_PCI, "0000:01:00.0"},
		{"usb:1-2.1", KIND_USB, "1-2.1"},
		{"usb:usb1", KIND_USB, "usb1"},
		{"pci:1-2.1", KIND_COUNT, NULL},
		{"usb:0000:01:00.0", KIND_COUNT, NULL},
		{"vgpu:0000:01:00.0/12", KIND_COUNT, NULL},
		{"pc:0000:01:00.0", KIND_COUNT, NULL},
		{"pcix:0000:01:00.0", KIND_COUNT, NULL},
		{"0000:01:00.0", KIND_COUNT, NULL},
		{"pci:", KIND_COUNT, NULL},
		{"pci", KIND_COUNT, NULL},
		{"", KIND_COUNT, NULL},
		{"pci:../../etc", KIND_COUNT, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		const char *name = NULL;

		if (place_of_id(cases[i].id, &name) != cases[i].want)
			fail_msg("%s", cases[i].id);
		if (cases[i].name)
			assert_string_equal(name, cases[i].name);
		else
			assert_null(name);
	}
}

static void place_nearest_goes_upwards(void **state)
{
	static const char path[] = "../../../devices/pci0000:00/0000:00:05.0/usb1/1-4/1-4.1/"
				   "1-4.1:1.0/net/0000:00:99.0";
	static const struct {
		unsigned kinds;
		size_t cut; /* bytes off the end */
		const char *want;
	} cases[] = {
		{KIND_MASK(KIND_PCI) | KIND_MASK(KIND_USB), 0, "usb:1-4.1"},
		{KIND_MASK(KIND_USB), 17, "usb:1-4.1"},
		{KIND_MASK(KIND_USB), 33, "usb:1-4"},
		{KIND_MASK(KIND_PCI), 0, "pci:0000:00:05.0"},
		{KIND_MASK(KIND_PCI), sizeof(path) - 1 - 27, ""},
		{KIND_MASK(KIND_PCI), sizeof(path) - 1, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		char id[PLACE_ID_SIZE] = "";

		assert_int_equal(
			place_nearest(path, sizeof(path) - 1 - cases[i].cut, cases[i].kinds, id),
			cases[i].want[0] != '\0');
		assert_string_equal(id, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(place_kind_is_strict),
		cmocka_unit_test(place_of_id_needs_the_right_kind),
		cmocka_unit_test(place_nearest_goes_upwards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
