/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The place of a device: its folder's name in sysfs, and the id made from it. Names come from
 * events and links, so they are taken only in the exact form in which the kernel writes them: an
 * id can then be put behind /sys/bus/pci/devices/ without leading anywhere else.
 */
#pragma once

#include "model/kind.h"

#include <stdbool.h>
#include <stddef.h>

/* Longest name with its NUL: a USB port path of seven tiers is 29 long, an address 17. */
#define PLACE_NAME_SIZE 32
#define PLACE_ID_SIZE	(PLACE_NAME_SIZE + KIND_PREFIX_SIZE)

/*
 * The kind that has folders of this name: KIND_PCI (`0000:01:00.0`), KIND_USB (`usb1`, `1-2.1`);
 * KIND_COUNT: none has, as of the interface `1-2.1:1.0`.
 */
enum kind place_kind(const char *name, size_t length);

/* Kind and name of an id, such as `pci:0000:01:00.0`; KIND_COUNT if it names no place. */
enum kind place_of_id(const char *id, const char **ret_name);

/* Whether the id is that of a USB bus itself, usb:usb1: its root hub. */
bool place_is_root_hub(const char *id);

/*
 * Writes the id of the last component of `path` that is one of `kinds` (KIND_MASK of each); only
 * the first `length` bytes of the path count. False if there is none.
 */
bool place_nearest(
	const char *path, size_t length, unsigned kinds, char ret_id[static PLACE_ID_SIZE]);
