/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Both event sources on a mocked machine. Every event is read before the next is sent: a burst
 * makes umockdev end the process.
 *
 * umockdev sends libudev's messages to kernel sockets too, from the test's own process. The kernel
 * source must take them for what they are, forgeries; its real events are for the native tests.
 */
#include "base/memory.h"
#include "io/udev/source.h"
#include "scene.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

struct listener {
	struct scene scene;
	struct counters counters;
	struct vector properties; /* of struct text: ID_MODEL, ID_SERIAL */
	struct source *monitor;
	struct source *kernel;
};

/* The stick's serial has a control character, and libudev leaves out such values from 262 on. */
#if LIBUDEV < 262
#define SERIAL	   ",ID_SERIAL=S\xef\xbf\xbd-1"
#define STICK_KEYS 2
#else
#define SERIAL	   ""
#define STICK_KEYS 1
#endif

/* No message came. */
enum {
	NOTHING = -1,
};

/* Everything that waits on a source; the worst result of the calls it takes. */
static int drain(struct listener *listener, struct source *source)
{
	int descriptors[SOURCE_DESCRIPTORS];
	size_t last = source_descriptors(source, descriptors) - 1;
	struct pollfd waiting = {descriptors[last], POLLIN, 0};
	int worst = 0;
	int result;

	if (poll(&waiting, 1, 1000) != 1)
		return NOTHING;
	do {
		result = source_read(source, &listener->properties, &listener->scene.looks);
		if (result > worst)
			worst = result;
	} while (result > 0);
	return result < 0 ? result : worst;
}

/* What both sources make of what was just sent: nothing, for the kernel's. */
static void check_event(struct listener *listener, int result, const char *want, const char *what)
{
	char line[512];
	char forged[512];
	int got = drain(listener, listener->monitor);
	uint64_t events = listener->counters.values[COUNTER_EVENTS];
	bool ignored;

	scene_take_looks(&listener->scene, line);
	ignored = drain(listener, listener->kernel) == 0 &&
		  listener->counters.values[COUNTER_EVENTS] == events;
	scene_take_looks(&listener->scene, forged);
	ignored = ignored && forged[0] == '\0';
	scene_check(&listener->scene, got == result && ignored && strcmp(line, want) == 0, what);
	if (got != result || strcmp(line, want) != 0)
		printf("# got %d '%s', want %d '%s'\n", got, line, result, want);
	if (!ignored)
		printf("# the kernel source took a message that is not the kernel's: '%s'\n",
			forged);
}

static void add_and_drain(struct listener *listener, const char *recording)
{
	char line[512];

	scene_add(&listener->scene, recording);
	drain(listener, listener->monitor);
	drain(listener, listener->kernel);
	scene_take_looks(&listener->scene, line);
}

static void check_events(struct listener *listener)
{
	static const struct {
		const char *what;
		const char *path;
		const char *action;
		int result;
		const char *want;
	} steps[] = {
		{"a function changes", PF, "change", 0, "0000:01:00.0[ID_MODEL=a card]"},
		{"a driver is bound", PF, "bind", 0, "0000:01:00.0[ID_MODEL=a card]"},
		{"a driver is unbound", PF, "unbind", 0, "0000:01:00.0"},
		{"a function is removed", PF, "remove", 0, "0000:01:00.0"},
		{"a VF appears", VF, "add", 0, "0000:01:10.2[]"},
		{"a network interface appears", ETH0, "add", 0, "0000:01:00.0"},
		{"a USB device appears", STICK, "add", 0, "1-2[ID_MODEL=stick" SERIAL "]"},
		{"a root hub changes", HUB, "change", 0, "usb1[]"},
		{"an interface is bound", INTERFACE, "bind", 0, "1-2"},
		{"an interface is removed", INTERFACE, "remove", 0, "1-2"},
		{"a USB device is removed", STICK, "remove", 0, "1-2"},
		{"a virtual interface changes, which wakes nobody", VIRTUAL, "change", NOTHING, ""},
		{"an action that libudev does not know", PF, "fly", SOURCE_LOST, ""},
		{"the event after it", PF, "change", 0, "0000:01:00.0[ID_MODEL=a card]"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
		umockdev_testbed_uevent(listener->scene.testbed, steps[i].path, steps[i].action);
		check_event(listener, steps[i].result, steps[i].want, steps[i].what);
	}
	scene_check(&listener->scene, listener->counters.values[COUNTER_RECEIVE_ERRORS] == 1,
		"one receive error");
	scene_check(
		&listener->scene, listener->counters.values[COUNTER_OVERRUNS] == 0, "no overrun");
}

static void check_coalescing(struct listener *listener)
{
	umockdev_testbed_uevent(listener->scene.testbed, STICK, "add");
	umockdev_testbed_uevent(listener->scene.testbed, INTERFACE, "add");
	umockdev_testbed_uevent(listener->scene.testbed, STICK, "unbind");
	check_event(listener, 0, "1-2",
		"three events of a device are one look, without the properties that unbind ends");
}

static void check_move(struct listener *listener)
{
	add_and_drain(listener,
		"P: /devices/pci0000:00/0000:00:05.0/net/eth9\nE: SUBSYSTEM=net\n"
		"E: DEVPATH_OLD=/devices/pci0000:00/0000:00:03.0/0000:01:10.2/net/eth9\n"
		"A: address=00\\n\n");
	umockdev_testbed_uevent(listener->scene.testbed, HCD "/net/eth9", "move");
	check_event(listener, 0, "0000:00:05.0 0000:01:10.2", "a move concerns the old place too");
	add_and_drain(listener,
		"P: /devices/pci0000:00/0000:00:05.0/usb1/1-9\nE: SUBSYSTEM=usb\n"
		"E: DEVTYPE=usb_device\nE: ID_MODEL=moved\n"
		"E: DEVPATH_OLD=/devices/pci0000:00/0000:00:05.0/usb1/1-8\nA: busnum=1\\n\n");
	umockdev_testbed_uevent(listener->scene.testbed, HUB "/1-9", "move");
	check_event(listener, 0, "1-9[ID_MODEL=moved] 1-8",
		"the properties are those of the place where the device is now");
	umockdev_testbed_remove_device(listener->scene.testbed, HUB "/1-9");
}

static void check_database(struct listener *listener)
{
	struct property_list list = {0};
	char id[] = "usb:1-2";

	scene_check(&listener->scene,
		source_read_properties(listener->monitor, id, &listener->properties,
			&listener->scene.pool, &list) == 0 &&
			list.count == STICK_KEYS && text_is(list.items[0].key, "ID_MODEL") &&
			text_is(list.items[0].value, "stick"),
		"properties from the database");
	umockdev_testbed_set_property(listener->scene.testbed, STICK, "ID_MODEL", "other stick");
	scene_check(&listener->scene,
		source_read_properties(listener->monitor, id, &listener->properties,
			&listener->scene.pool, &list) == 0 &&
			list.count == STICK_KEYS && text_is(list.items[0].value, "other stick"),
		"read anew each time");
	scene_check(&listener->scene,
		source_read_properties(listener->monitor, "usb:1-9", &listener->properties,
			&listener->scene.pool, &list) < 0 &&
			list.count == STICK_KEYS,
		"of a device that is not there: an error");
	scene_check(&listener->scene,
		source_read_properties(listener->kernel, id, &listener->properties,
			&listener->scene.pool, &list) == 0 &&
			list.count == 0,
		"the kernel has none");
	property_list_done(&list);
}

static void open_sources(struct listener *listener)
{
	struct text_pool *pool = &listener->scene.pool;

	vector_add(&listener->properties, text_intern_string(pool, "ID_MODEL"));
	vector_add(&listener->properties, text_intern_string(pool, "ID_SERIAL"));
	scene_check(&listener->scene,
		source_new(SOURCE_UDEV, 1 << 20, &listener->counters, &listener->monitor) == 0 &&
			source_new(SOURCE_KERNEL, 0, &listener->counters, &listener->kernel) == 0,
		"both sources open");
}

static void close_sources(struct listener *listener)
{
	source_free(listener->monitor);
	source_free(listener->kernel);
	for (size_t i = 0; i < listener->properties.count; i++)
		text_unref(listener->properties.items[i]);
	vector_done(&listener->properties);
}

int main(void)
{
	struct listener listener = {0};

	scene_open(&listener.scene);
	open_sources(&listener);
	check_events(&listener);
	check_coalescing(&listener);
	check_move(&listener);
	check_database(&listener);
	close_sources(&listener);
	return scene_close(&listener.scene);
}
