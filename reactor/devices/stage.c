/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is pending is a list through the devices' own `next`, so that a device is marked, decided
 * and forgotten at the same cost however many there are. A cursor in the inventory would do for the
 * first pass, but not for those that change behind it; an array of devices would have to be
 * searched for each that goes.
 *
 * While nothing is staged, all of this is one NULL pointer in each device.
 */
#include "devices/stage.h"

#include "base/memory.h"

#include <string.h>

void stage_init(struct stage *stage)
{
	*stage = (struct stage){0};
	list_init(&stage->pending);
}

/* Keys are interned and in ascending order. */
static bool same_keys(const struct vector *left, const struct vector *right)
{
	return left->count == right->count &&
	       (left->count == 0 ||
		       memcmp(left->items, right->items, left->count * sizeof(void *)) == 0);
}

void stage_begin(struct stage *stage, struct ruleset *ruleset, const struct vector *keys_in_force,
	const struct inventory *inventory)
{
	ruleset_free(stage->ruleset);
	stage->ruleset = ruleset;
	stage->other_keys = !same_keys(&ruleset->properties, keys_in_force);
	stage->decisions = 0;
	for (size_t i = 0; i < inventory->devices.count; i++) {
		struct device *device = inventory->devices.items[i];

		if (device->now.facts)
			stage_mark(stage, device);
	}
}

void stage_mark(struct stage *stage, struct device *device)
{
	struct next *next = device->next;

	if (!stage->ruleset)
		return;
	if (!next) {
		next = memory_allocate(sizeof(*next));
		next->device = device;
		list_init(&next->link);
		device->next = next;
	}
	next->facts = facts_unref(next->facts);
	list_remove(&next->link);
	list_append(&stage->pending, &next->link);
}

void stage_forget(struct device *device)
{
	if (!device->next)
		return;
	list_remove(&device->next->link);
	facts_unref(device->next->facts);
	free(device->next);
	device->next = NULL;
}

struct device *stage_next(const struct stage *stage)
{
	if (list_is_empty(&stage->pending))
		return NULL;
	return container_of(stage->pending.next, struct next, link)->device;
}

void stage_decided(
	struct stage *stage, struct device *device, struct facts *facts, const struct rule *verdict)
{
	if (facts && facts_equal(facts, device->now.facts))
		facts = facts_unref(facts);
	list_remove(&device->next->link);
	device->next->facts = facts;
	device->next->verdict = verdict;
	stage->decisions++;
}

struct ruleset *stage_end(struct stage *stage, const struct inventory *inventory)
{
	struct ruleset *ruleset = stage->ruleset;

	for (size_t i = 0; ruleset && i < inventory->devices.count; i++)
		stage_forget(inventory->devices.items[i]);
	stage_init(stage);
	return ruleset;
}
