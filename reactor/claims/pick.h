/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which devices a claim gets: first those that the owner had last, then those on the NUMA node that
 * was wished for, then by the group's `select`, then by the order of ids. A unit is one device, or
 * all functions of a slot.
 */
#pragma once

#include "claims/state.h"

struct pick {
	const struct resource_group *group;
	const struct text *owner;
	int64_t numa_node; /* -1: any */
	size_t count;	   /* of units */
};

/* Appends the devices of `count` free units to ret_devices; false: there are fewer. */
bool pick_devices(struct claims *claims, const struct pick *pick, struct vector *ret_devices);

/* The device and what its group has go with it; false: not all of it is free. */
bool pick_unit(struct claims *claims, const struct resource_group *group, struct device *device,
	struct vector *ret_devices);

/*
 * Whether a claim from the group may take the device, as far as it is only about this one. Asks
 * first for what rules out most: a claim walks over all that others have.
 */
static inline bool pick_is_free(const struct device *device, const struct text *group)
{
	return device->now.state == STATE_AVAILABLE && device->now.group == group &&
	       device->now.facts && !instance_of(device);
}
