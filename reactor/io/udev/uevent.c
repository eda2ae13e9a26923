/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/udev/uevent.h"

#include "base/number.h"

#include <string.h>

#define VIRTUAL "/devices/virtual/"
#define SEQNUM	"SEQNUM="

static bool is(const char *string, const char *wanted)
{
	return string && strcmp(string, wanted) == 0;
}

static const char **slot_of_key(struct uevent *event, const char *key, size_t length)
{
	const struct {
		const char *key;
		const char **slot;
	} keys[] = {
		{"ACTION", &event->action},
		{"DEVPATH", &event->devpath},
		{"DEVPATH_OLD", &event->devpath_old},
		{"SUBSYSTEM", &event->subsystem},
		{"DEVTYPE", &event->devtype},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strlen(keys[i].key) == length && memcmp(keys[i].key, key, length) == 0)
			return keys[i].slot;
	return NULL;
}

static bool header_agrees(const struct uevent *event, const char *header)
{
	size_t action = event->action ? strlen(event->action) : 0;

	return event->action && event->devpath && event->subsystem &&
	       strncmp(header, event->action, action) == 0 && header[action] == '@' &&
	       strcmp(header + action + 1, event->devpath) == 0;
}

int uevent_parse(const char *message, size_t length, struct uevent *ret_event)
{
	struct uevent event = {0};

	if (length == 0 || message[length - 1] != '\0')
		return UEVENT_MALFORMED;
	for (size_t at = strlen(message) + 1; at < length;) {
		const char *pair = message + at;
		const char *equals = strchr(pair, '=');
		const char **slot;

		if (!equals || equals == pair)
			return UEVENT_MALFORMED;
		slot = slot_of_key(&event, pair, (size_t)(equals - pair));
		if (slot && *slot)
			return UEVENT_MALFORMED;
		if (slot)
			*slot = equals + 1;
		at += strlen(pair) + 1;
	}
	if (!header_agrees(&event, message))
		return UEVENT_MALFORMED;
	*ret_event = event;
	return 0;
}

uint64_t uevent_number(const char *message, size_t length)
{
	uint64_t number = 0;

	for (size_t at = 0; at < length; at += strlen(message + at) + 1) {
		const char *digits = message + at + strlen(SEQNUM);

		if (strncmp(message + at, SEQNUM, strlen(SEQNUM)) == 0)
			number_parse(digits, strlen(digits), 10, UINT64_MAX, &number);
	}
	return number;
}

static void add_nearest(
	struct uevent_places *places, const char *path, size_t length, unsigned kinds)
{
	if (place_nearest(path, length, kinds, places->ids[places->count]))
		places->count++;
}

/* The device of `kind` that is the whole component from `name` to the `length` of the path. */
static void add_component(
	struct uevent_places *places, const char *path, size_t length, enum kind kind)
{
	const char *slash = memrchr(path, '/', length);
	const char *name = slash ? slash + 1 : path;

	if (place_kind(name, length - (size_t)(name - path)) == kind)
		add_nearest(places, path, length, KIND_MASK(kind));
}

static void add_places(
	struct uevent_places *places, const struct uevent *event, const char *devpath)
{
	size_t length = strlen(devpath);
	const char *slash = strrchr(devpath, '/');
	size_t parent = slash ? (size_t)(slash - devpath) : 0;
	enum kind kind = kind_of_event(event->subsystem, event->devtype);

	if (strncmp(devpath, VIRTUAL, strlen(VIRTUAL)) == 0)
		return;
	if (kind != KIND_COUNT) {
		add_component(places, devpath, length, kind);
	} else if (is(event->subsystem, "usb") && is(event->devtype, "usb_interface")) {
		add_component(places, devpath, parent, KIND_USB);
	} else if (is(event->subsystem, "mdev") || is(event->subsystem, "vfio-dev")) {
		/* a driver that hangs in its unbind has taken vfio-dev away, and tells no more */
		add_nearest(places, devpath, parent, KIND_MASK(KIND_PCI));
	} else if (is(event->subsystem, "net")) {
		/* not the last component: an interface may be named like a device */
		for (kind = 0; kind < KIND_COUNT; kind++)
			add_nearest(places, devpath, parent, KIND_MASK(kind));
	}
}

static enum look_driver what_of_the_driver(const struct uevent *event)
{
	if (is(event->subsystem, "pci") && is(event->action, "bind"))
		return LOOK_DRIVER_BOUND;
	if (is(event->subsystem, "pci") && is(event->action, "unbind"))
		return LOOK_DRIVER_UNBOUND;
	return LOOK_DRIVER_UNTOLD;
}

void uevent_find_places(const struct uevent *event, struct uevent_places *ret_places)
{
	ret_places->count = 0;
	ret_places->driver = what_of_the_driver(event);
	if (event->devpath)
		add_places(ret_places, event, event->devpath);
	if (event->devpath_old && is(event->action, "move"))
		add_places(ret_places, event, event->devpath_old);
}

struct look *uevent_add_look(
	const struct uevent_places *places, size_t index, struct looking *looks, int64_t since)
{
	const char *id = places->ids[index];

	if (places->driver == LOOK_DRIVER_UNTOLD)
		return looking_add(looks, id, since);
	return looking_add_rebound(looks, id, places->driver, since);
}

bool uevent_is_of_device(const struct uevent *event)
{
	return kind_of_event(event->subsystem, event->devtype) != KIND_COUNT;
}

bool uevent_is_farewell(const struct uevent *event)
{
	return is(event->action, "remove") || is(event->action, "unbind");
}
