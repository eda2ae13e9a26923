/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of kinds, and how a kind is told from events and ids. */
#include "base/memory.h"
#include "lib/unit.h"
#include "model/kind.h"

#include <string.h>

static void every_kind_is_found_in_folders(void **state)
{
	(void)state;
	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		const struct kind_description *description = kind_describe(kind);

		assert_int_equal(kind_find(description->name), kind);
		assert_string_equal(kind_skip_prefix(kind, description->prefix), "");
		assert_true(strlen(description->plural) > 0);
		assert_int_equal(description->bus != NULL, description->carrier == kind);
		assert_non_null(kind_describe(description->carrier)->bus);
		assert_int_equal(description->bus != NULL, description->subsystem != NULL);
	}
}

static void events_are_of_the_kind_with_their_subsystem(void **state)
{
	static const struct {
		const char *subsystem;
		const char *devtype;
		enum kind want;
	} cases[] = {
		{"pci", NULL, KIND_PCI},
		{"pci", "any", KIND_PCI},
		{"usb", "usb_device", KIND_USB},
		{"usb", "usb_interface", KIND_COUNT},
		{"usb", NULL, KIND_COUNT},
		{"vgpu", NULL, KIND_COUNT},
		{"sriov-nic", NULL, KIND_COUNT},
		{"net", NULL, KIND_COUNT},
		{"", NULL, KIND_COUNT},
		{NULL, "usb_device", KIND_COUNT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
		if (kind_of_event(cases[i].subsystem, cases[i].devtype) != cases[i].want)
			fail_msg("%s %s", cases[i].subsystem, cases[i].devtype);
}

static void an_id_begins_with_its_kind(void **state)
{
	static const struct {
		const char *id;
		enum kind kind;
		const char *want; /* NULL: another kind's */
	} cases[] = {
		{"pci:0000:01:00.0", KIND_PCI, "0000:01:00.0"},
		{"usb:1-2", KIND_USB, "1-2"},
		{"usb:1-2", KIND_PCI, NULL},
		{"vgpu:0000:41:00.4/558", KIND_VGPU, "0000:41:00.4/558"},
		{"pci", KIND_PCI, NULL},
		{"PCI:0000:01:00.0", KIND_PCI, NULL},
		{"", KIND_PCI, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		const char *got = kind_skip_prefix(cases[i].kind, cases[i].id);

		if (cases[i].want ? !got || strcmp(got, cases[i].want) != 0 : got != NULL)
			fail_msg("%s: %s", cases[i].id, got);
	}
}

static void the_first_kind_is_that_of_the_id(void **state)
{
	(void)state;
	assert_int_equal(kind_first(KIND_MASK(KIND_PCI) | KIND_MASK(KIND_SRIOV_NIC)), KIND_PCI);
	for (enum kind kind = 0; kind < KIND_COUNT; kind++)
		assert_int_equal(kind_first(KIND_MASK(kind)), kind);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_found_in_folders),
		cmocka_unit_test(events_are_of_the_kind_with_their_subsystem),
		cmocka_unit_test(an_id_begins_with_its_kind),
		cmocka_unit_test(the_first_kind_is_that_of_the_id),
	};

	return cmocka_run_group_tests_name("model_kind", tests, NULL, NULL);
}
