/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths and properties are those of a real kernel, recorded while devices came and went. */
#include "base/memory.h"
#include "io/udev/uevent.h"
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#define IGB "/devices/pci0000:00/0000:00:03.0/0000:01:00.0"
#define VF0 "/devices/pci0000:00/0000:00:03.0/0000:01:10.0"
#define USB "/devices/pci0000:00/0000:00:03.0/usb1"

static const struct {
	const char *what;
	struct uevent event; /* action, devpath, devpath_old, subsystem, devtype */
	const char *want;    /* ids, each followed by a blank */
	bool properties;
} cases[] = {
	{"a VF appears", {"add", VF0, NULL, "pci", NULL}, "pci:0000:01:10.0 ", true},
	{"a PF changes", {"change", IGB, NULL, "pci", NULL}, "pci:0000:01:00.0 ", true},
	{"a driver is bound", {"bind", VF0, NULL, "pci", NULL}, "pci:0000:01:10.0 ", true},
	{"unbind", {"unbind", VF0, NULL, "pci", NULL}, "pci:0000:01:10.0 ", false},
	{"remove", {"remove", VF0, NULL, "pci", NULL}, "pci:0000:01:10.0 ", false},
	{"an action of tomorrow", {"fly", VF0, NULL, "pci", NULL}, "pci:0000:01:10.0 ", true},
	{"wide domain",
		{"add", "/devices/pci10000:e0/10000:e0:06.0/10000:e1:00.0", NULL, "pci", NULL},
		"pci:10000:e1:00.0 ", true},
	{"interface of a PF", {"add", IGB "/net/eth0", NULL, "net", NULL}, "pci:0000:01:00.0 ",
		false},
	{"interface renamed", {"move", IGB "/net/enp1s0", IGB "/net/eth0", "net", NULL},
		"pci:0000:01:00.0 pci:0000:01:00.0 ", false},
	{"interface below virtio",
		{"add", "/devices/pci0000:00/0000:00:04.0/0000:02:00.0/virtio2/net/eth0", NULL,
			"net", NULL},
		"pci:0000:02:00.0 ", false},
	{"interface of a USB device", {"add", USB "/1-5/1-5:1.1/net/usb0", NULL, "net", NULL},
		"pci:0000:00:03.0 usb:1-5 ", false},
	{"interface named like a device", {"add", IGB "/net/1-2", NULL, "net", NULL},
		"pci:0000:01:00.0 ", false},
	{"USB device", {"add", USB "/1-1", NULL, "usb", "usb_device"}, "usb:1-1 ", true},
	{"USB device behind a hub", {"remove", USB "/1-4/1-4.2", NULL, "usb", "usb_device"},
		"usb:1-4.2 ", false},
	{"root hub", {"add", USB, NULL, "usb", "usb_device"}, "usb:usb1 ", true},
	{"USB interface", {"bind", USB "/1-1/1-1:1.0", NULL, "usb", "usb_interface"}, "usb:1-1 ",
		false},
	{"interface of a root hub", {"bind", USB "/1-0:1.0", NULL, "usb", "usb_interface"},
		"usb:usb1 ", false},
	{"a device that moved", {"move", USB "/1-1", USB "/1-2", "usb", "usb_device"},
		"usb:1-1 usb:1-2 ", true},
	{"an old place only with move", {"change", USB "/1-1", USB "/1-2", "usb", "usb_device"},
		"usb:1-1 ", true},
	{"USB without its type", {"add", USB "/1-1", NULL, "usb", NULL}, "", false},
	{"USB of another type", {"add", USB "/1-1", NULL, "usb", "usb_port"}, "", false},
	{"pci name with a USB subsystem", {"add", VF0, NULL, "usb", "usb_device"}, "", true},
	{"USB name with the pci subsystem", {"add", USB "/1-1", NULL, "pci", NULL}, "", true},
	{"virtual interface", {"add", "/devices/virtual/net/veth0", NULL, "net", NULL}, "", false},
	{"virtual with a name of ours",
		{"add", "/devices/virtual/x/0000:01:00.0", NULL, "pci", NULL}, "", true},
	{"from virtual to real", {"move", IGB "/net/a", "/devices/virtual/net/a", "net", NULL},
		"pci:0000:01:00.0 ", false},
	{"a vGPU is made on a VF",
		{"add", VF0 "/c2e088ba-954f-11ec-9c5d-6c2b59a8e1c0", NULL, "mdev", NULL},
		"pci:0000:01:10.0 ", false},
	{"a vGPU is gone",
		{"remove", IGB "/c2e088ba-954f-11ec-9c5d-6c2b59a8e1c0", NULL, "mdev", NULL},
		"pci:0000:01:00.0 ", false},
	{"mediated device named like a device", {"bind", IGB "/0000:09:00.0", NULL, "mdev", NULL},
		"pci:0000:01:00.0 ", false},
	{"mediated device of a virtual parent",
		{"add", "/devices/virtual/mtty/mtty/83b8f4f2", NULL, "mdev", NULL}, "", false},
	{"a driver offers vGPU types", {"change", IGB, NULL, "pci", NULL}, "pci:0000:01:00.0 ",
		true},
	{"group of vfio", {"add", "/devices/virtual/vfio/6", NULL, "vfio", NULL}, "", false},
	{"on a VFIO driver", {"add", VF0 "/vfio-dev/vfio0", NULL, "vfio-dev", NULL},
		"pci:0000:01:10.0 ", false},
	{"on none any more, though its unbind may hang",
		{"remove", VF0 "/vfio-dev/vfio0", NULL, "vfio-dev", NULL}, "pci:0000:01:10.0 ",
		false},
	{"a vGPU on a VFIO driver",
		{"add", VF0 "/c2e088ba-954f-11ec-9c5d-6c2b59a8e1c0/vfio-dev/vfio3", NULL,
			"vfio-dev", NULL},
		"pci:0000:01:10.0 ", false},
	{"virtio", {"add", IGB "/virtio2", NULL, "virtio", NULL}, "", false},
	{"disk", {"add", USB "/1-1/1-1:1.0/host0/block/sda", NULL, "block", "disk"}, "", false},
	{"hostile path", {"add", "/devices/../../etc/0000:01:00.0x", NULL, "pci", NULL}, "", true},
	{"empty path", {"add", "", NULL, "pci", NULL}, "", true},
	{"path without a folder", {"add", "0000:01:00.0", NULL, "pci", NULL}, "pci:0000:01:00.0 ",
		true},
	{"trailing slash", {"add", VF0 "/", NULL, "pci", NULL}, "", true},
	{"interface without a folder", {"add", "1-1:1.0", NULL, "usb", "usb_interface"}, "", false},
	{"nothing known", {NULL, NULL, NULL, NULL, NULL}, "", false},
};

static void places_follow_from_the_event(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct uevent_places places;
		char got[4 * PLACE_ID_SIZE] = "";

		uevent_find_places(&cases[i].event, &places);
		for (size_t place = 0; place < places.count; place++) {
			strcat(got, places.ids[place]);
			strcat(got, " ");
		}
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: got %s, want %s", cases[i].what, got, cases[i].want);
		if ((uevent_is_of_device(&cases[i].event) &&
			    !uevent_is_farewell(&cases[i].event)) != cases[i].properties)
			fail_msg("%s: properties", cases[i].what);
	}
}

/* Only then may what no driver can change be taken as known. */
static void only_a_driver_of_a_function_rebinds(void **state)
{
	static const struct {
		struct uevent event;
		enum look_driver driver;
	} events[] = {
		{{"bind", VF0, NULL, "pci", NULL}, LOOK_DRIVER_BOUND},
		{{"unbind", VF0, NULL, "pci", NULL}, LOOK_DRIVER_UNBOUND},
		{{"add", VF0, NULL, "pci", NULL}, LOOK_DRIVER_UNTOLD},
		{{"change", VF0, NULL, "pci", NULL}, LOOK_DRIVER_UNTOLD},
		{{"remove", VF0, NULL, "pci", NULL}, LOOK_DRIVER_UNTOLD},
		{{"online", VF0, NULL, "pci", NULL}, LOOK_DRIVER_UNTOLD},
		{{"bind", USB "/1-1", NULL, "usb", "usb_device"}, LOOK_DRIVER_UNTOLD},
		{{"bind", USB "/1-1/1-1:1.0", NULL, "usb", "usb_interface"}, LOOK_DRIVER_UNTOLD},
		{{"bind", IGB "/net/eth0", NULL, "net", NULL}, LOOK_DRIVER_UNTOLD},
		{{"bind", IGB "/c2e088ba", NULL, "mdev", NULL}, LOOK_DRIVER_UNTOLD},
		{{"remove", VF0 "/vfio-dev/vfio0", NULL, "vfio-dev", NULL}, LOOK_DRIVER_UNTOLD},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(events); i++) {
		struct text_pool pool = {0};
		struct uevent_places places;
		struct looking looks;
		struct look *look;

		uevent_find_places(&events[i].event, &places);
		assert_true(places.count > 0);
		looking_init(&looks, &pool);
		look = uevent_add_look(&places, 0, &looks, 7);
		if (look->driver != events[i].driver ||
			look->state != (events[i].driver == LOOK_DRIVER_UNTOLD
						       ? LOOK_ASKED
						       : LOOK_ASKED_FOR_DRIVER))
			fail_msg("%s of %s", events[i].event.action, events[i].event.devpath);
		looking_done(&looks);
		text_pool_done(&pool);
	}
}

#define MESSAGE(text) text, sizeof(text)

static void a_message_is_taken_apart(void **state)
{
	static const char message[] = "move@" IGB "/net/enp1s0\0ACTION=move\0DEVPATH=" IGB
				      "/net/enp1s0\0SUBSYSTEM=net\0DEVPATH_OLD=" IGB
				      "/net/eth0\0INTERFACE=enp1s0\0IFINDEX=2\0EMPTY=\0SEQNUM=1073";
	struct uevent event;

	(void)state;
	assert_int_equal(uevent_parse(message, sizeof(message), &event), 0);
	assert_string_equal(event.action, "move");
	assert_string_equal(event.devpath, IGB "/net/enp1s0");
	assert_string_equal(event.devpath_old, IGB "/net/eth0");
	assert_string_equal(event.subsystem, "net");
	assert_null(event.devtype);
	assert_int_equal(uevent_number(message, sizeof(message)), 1073);
	assert_int_equal(uevent_number(MESSAGE("add@/d\0SEQNUM=x")), 0);
	assert_int_equal(uevent_number(MESSAGE("add@/d\0OLD_SEQNUM=7")), 0);
}

static void a_malformed_message_is_refused(void **state)
{
	static const struct {
		const char *what;
		const char *message;
		size_t length;
	} messages[] = {
		{"empty", "", 0},
		{"only a NUL", MESSAGE("")},
		{"no NUL at the end", "add@/d\0ACTION=add\0DEVPATH=/d\0SUBSYSTEM=pci", 41},
		{"no header", MESSAGE("ACTION=add\0DEVPATH=/d\0SUBSYSTEM=pci")},
		{"no @", MESSAGE("add/d\0ACTION=add\0DEVPATH=/d\0SUBSYSTEM=pci")},
		{"header of udevd", MESSAGE("libudev\0ACTION=add\0DEVPATH=/d\0SUBSYSTEM=pci")},
		{"another action", MESSAGE("add@/d\0ACTION=remove\0DEVPATH=/d\0SUBSYSTEM=pci")},
		{"another path", MESSAGE("add@/d\0ACTION=add\0DEVPATH=/e\0SUBSYSTEM=pci")},
		{"longer path", MESSAGE("add@/de\0ACTION=add\0DEVPATH=/d\0SUBSYSTEM=pci")},
		{"no action", MESSAGE("add@/d\0DEVPATH=/d\0SUBSYSTEM=pci")},
		{"no path", MESSAGE("add@/d\0ACTION=add\0SUBSYSTEM=pci")},
		{"no subsystem", MESSAGE("add@/d\0ACTION=add\0DEVPATH=/d")},
		{"a key twice",
			MESSAGE("add@/d\0ACTION=add\0DEVPATH=/d\0SUBSYSTEM=pci\0SUBSYSTEM=usb")},
		{"no equals sign", MESSAGE("add@/d\0ACTION=add\0DEVPATH=/d\0X\0SUBSYSTEM=pci")},
		{"no key", MESSAGE("add@/d\0ACTION=add\0DEVPATH=/d\0=x\0SUBSYSTEM=pci")},
		{"empty pair", MESSAGE("add@/d\0ACTION=add\0\0DEVPATH=/d\0SUBSYSTEM=pci")},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(messages); i++) {
		struct uevent event = {.action = "untouched"};
		/* a copy of the exact size, so that a read beyond it is found */
		char *copy = memory_allocate(messages[i].length);

		memcpy(copy, messages[i].message, messages[i].length);
		if (uevent_parse(copy, messages[i].length, &event) != UEVENT_MALFORMED)
			fail_msg("%s", messages[i].what);
		assert_string_equal(event.action, "untouched");
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_follow_from_the_event),
		cmocka_unit_test(only_a_driver_of_a_function_rebinds),
		cmocka_unit_test(a_message_is_taken_apart),
		cmocka_unit_test(a_malformed_message_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
