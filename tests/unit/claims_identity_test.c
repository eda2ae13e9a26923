/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What names a device: tables of what is present, and the identities of one of them. */
#include "claims/identity.h"

#include "lib/unit.h"
#include "lib/world.h"

#include <string.h>

#define PF    "pci:0000:03:00.0 slot=03:00.0 vendor_device=8086:1572 function=physical"
#define VF    "pci:0000:03:10.1 slot=03:10.1 vendor_device=8086:154c function=virtual vf_index=1"
#define BOARD "pci:0000:41:00.0 slot=41:00.0 vendor_device=10de:2235 function=physical"
#define MAKER "pci:0000:41:00.4 slot=41:00.4 vendor_device=10de:2236 function=virtual vf_index=0"
#define HUB   "usb:usb1 bus=1 path=usb1 vendor_id=1d6b model_id=0002"
#define STICK "usb:1-2.1 bus=1 path=1-2.1 vendor_id=046d model_id=c52b"

static const struct {
	const char *present[4]; /* the first one is asked about */
	const char *forms[IDENTITY_FORMS];
	const char *fixed;
} cases[] = {
	{{"pci:0000:01:00.0 slot=01:00.0 vendor_device=10de:1eb8 function=plain driver=nvme"},
		{"pci/0000:01:00.0/10de:1eb8"}, "pci/0000:01:00.0/10de:1eb8"},
	{{"pci:10000:01:00.0 slot=10000:01:00.0 vendor_device=10de:1eb8"},
		{"pci/10000:01:00.0/10de:1eb8"}, "pci/10000:01:00.0/10de:1eb8"},
	{{"pci:0000:01:00.0 slot=01:00.0"}, {NULL}, NULL},

	/* a VF by its PF and index */
	{{VF " parent=pci:0000:03:00.0", PF}, {"pci/0000:03:00.0/8086:1572/vf1"},
		"pci/0000:03:00.0/8086:1572/vf1"},
	{{VF " parent=pci:0000:03:00.0"}, {NULL}, NULL},
	{{VF, PF}, {NULL}, NULL},
	{{"pci:0000:03:10.1 slot=03:10.1 vendor_device=8086:154c function=virtual"
	  " parent=pci:0000:03:00.0",
		 PF},
		{NULL}, NULL},
	{{VF " parent=pci:0000:03:10.1"}, {NULL}, NULL}, /* its own PF: facts that lie */

	/* a vGPU by its function, which may be a VF */
	{{"vgpu:0000:41:00.4/558 type_id=558", MAKER " parent=pci:0000:41:00.0", BOARD},
		{"pci/0000:41:00.0/10de:2235/vf0/type558"},
		"pci/0000:41:00.0/10de:2235/vf0/type558"},
	{{"vgpu:0000:41:00.0/230.12 type_id=230", BOARD}, {"pci/0000:41:00.0/10de:2235/type230.12"},
		"pci/0000:41:00.0/10de:2235/type230.12"},
	{{"vgpu:0000:41:00.4/558 type_id=558", MAKER " parent=pci:0000:41:00.0"}, {NULL}, NULL},
	{{"vgpu:0000:41:00.4/558 type_id=558", BOARD}, {NULL}, NULL},

	/* USB by serial, and by port behind its controller */
	{{STICK " serial=S", HUB " parent=pci:0000:00:14.0"},
		{"usb/046d:c52b/serial/S", "usb/046d:c52b/port/0000:00:14.0/2.1"},
		"usb/046d:c52b/serial/S"},
	{{STICK, HUB " parent=pci:0000:00:14.0"}, {"usb/046d:c52b/port/0000:00:14.0/2.1"},
		"usb/046d:c52b/port/0000:00:14.0/2.1"},
	{{STICK, HUB}, {"usb/046d:c52b/port/bus1/2.1"}, "usb/046d:c52b/port/bus1/2.1"},
	{{STICK, HUB " parent=usb:2-1"}, {"usb/046d:c52b/port/bus1/2.1"},
		"usb/046d:c52b/port/bus1/2.1"},
	{{HUB " parent=pci:0000:00:14.0"}, {"usb/1d6b:0002/port/0000:00:14.0/root"},
		"usb/1d6b:0002/port/0000:00:14.0/root"},
	{{STICK}, {NULL}, NULL},
	{{STICK " serial=S"}, {"usb/046d:c52b/serial/S"}, "usb/046d:c52b/serial/S"},
	{{"usb:1-1 bus=1 path=1-1 serial=S vendor_id=046d", HUB}, {NULL}, NULL},

	/* one of two that are alike by its port; without the hub it cannot be told from the other
	 */
	{{STICK " serial=S", HUB, "usb:1-9 bus=1 path=1-9 vendor_id=046d model_id=c52b serial=S"},
		{"usb/046d:c52b/serial/S", "usb/046d:c52b/port/bus1/2.1"},
		"usb/046d:c52b/port/bus1/2.1"},
	{{STICK " serial=S", "usb:1-9 bus=1 path=1-9 vendor_id=046d model_id=c52b serial=S"},
		{"usb/046d:c52b/serial/S"}, NULL},
	{{STICK " serial=S", HUB, "usb:1-9 bus=1 path=1-9 vendor_id=046d model_id=c52b serial=T",
		 "usb:1-8 bus=1 path=1-8 vendor_id=046d model_id=0001 serial=S"},
		{"usb/046d:c52b/serial/S", "usb/046d:c52b/port/bus1/2.1"},
		"usb/046d:c52b/serial/S"},
	/* a device cannot spell another one's */
	{{STICK " serial=../port/bus1/2.1", HUB},
		{"usb/046d:c52b/serial/../port/bus1/2.1", "usb/046d:c52b/port/bus1/2.1"},
		"usb/046d:c52b/serial/../port/bus1/2.1"},
};

static void check_case(size_t number)
{
	struct buffer forms[IDENTITY_FORMS] = {0};
	struct buffer fixed = {0};
	struct facts *asked;
	struct world world;
	size_t want = 0;

	world_init(&world);
	for (size_t i = 0; i < 4 && cases[number].present[i]; i++)
		world_see_all(&world, cases[number].present[i]);
	asked = world_facts(&world, cases[number].present[0]);
	while (want < IDENTITY_FORMS && cases[number].forms[want])
		want++;
	assert_int_equal(identity_forms(&world.devices.inventory, asked, forms), want);
	for (size_t i = 0; i < want; i++)
		assert_string_equal(buffer_string(&forms[i]), cases[number].forms[i]);
	assert_int_equal(
		identity_fix(&world.devices.inventory, asked, &fixed), cases[number].fixed != NULL);
	assert_string_equal(buffer_string(&fixed), cases[number].fixed ? cases[number].fixed : "");
	for (size_t i = 0; i < IDENTITY_FORMS; i++)
		buffer_done(&forms[i]);
	buffer_done(&fixed);
	facts_unref(asked);
	world_done(&world);
}

static void a_device_is_named_by_what_lasts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("# %s\n", cases[i].present[0]);
		check_case(i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_device_is_named_by_what_lasts)};

	return cmocka_run_group_tests_name("claims_identity", tests, NULL, NULL);
}
