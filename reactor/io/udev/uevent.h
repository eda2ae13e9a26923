/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an event concerns. Its action is no news by itself: `echo remove > uevent` is a remove event
 * of a device that stays. So all that is kept is which devices to look at, and whether at less than
 * everything.
 */
#pragma once

#include "devices/looking.h"
#include "model/place.h"

#include <stdint.h>

/* Borrowed strings; NULL: not in the event. */
struct uevent {
	const char *action;
	const char *devpath;
	const char *devpath_old; /* of a move */
	const char *subsystem;
	const char *devtype;
};

struct uevent_places {
	size_t count;
	/* a driver was bound to a PCI function, or unbound, and nothing else; or it is untold */
	enum look_driver driver;
	/* one of each kind for an interface of a network, here and where it was */
	char ids[2 * KIND_COUNT][PLACE_ID_SIZE];
};

enum {
	UEVENT_MALFORMED = 1,
};

/*
 * Takes a message of the kernel's apart: `ACTION@DEVPATH`, NUL, then `KEY=VALUE`, NUL, any number
 * of times. The event borrows from the message. UEVENT_MALFORMED: it is not of that form, or lacks
 * ACTION, DEVPATH or SUBSYSTEM, or says two different things.
 */
int uevent_parse(const char *message, size_t length, struct uevent *ret_event);

/* SEQNUM of a message that uevent_parse took; udev repeats it. 0: it has none. */
uint64_t uevent_number(const char *message, size_t length);

/*
 * The devices to look at: the device itself; for an interface of a USB device that device; for a
 * network interface the PCI function and the USB device it hangs on; for a mediated device (a vGPU)
 * the PCI function that carries it. None for everything virtual and for other subsystems.
 */
void uevent_find_places(const struct uevent *event, struct uevent_places *ret_places);

/* Adds the look at one of the places. */
struct look *uevent_add_look(
	const struct uevent_places *places, size_t index, struct looking *looks, int64_t since);

/* Whether it is of the device itself, not of an interface of it: its properties are the device's.
 */
bool uevent_is_of_device(const struct uevent *event);

/* Whether the properties that came along are a rest: udevd drops most of them at remove and unbind.
 */
bool uevent_is_farewell(const struct uevent *event);
