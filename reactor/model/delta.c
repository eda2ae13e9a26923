/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/delta.h"

#include "base/memory.h"

#include <string.h>

static const char *const type_names[EVENT_TYPE_COUNT] = {
	[EVENT_DEVICE_ADDED] = "device.added",
	[EVENT_DEVICE_CHANGED] = "device.changed",
	[EVENT_DEVICE_REMOVED] = "device.removed",
	[EVENT_GROUP_JOINED] = "group.joined",
	[EVENT_GROUP_LEFT] = "group.left",
	[EVENT_INSTANCE_CREATED] = "instance.created",
	[EVENT_INSTANCE_ASSIGNED] = "instance.assigned",
	[EVENT_INSTANCE_UNASSIGNED] = "instance.unassigned",
	[EVENT_INSTANCE_BOUND] = "instance.bound",
	[EVENT_INSTANCE_MISSING] = "instance.missing",
	[EVENT_INSTANCE_RETURNED] = "instance.returned",
	[EVENT_INSTANCE_RELEASED] = "instance.released",
	[EVENT_RULES_RELOADED] = "rules.reloaded",
	[EVENT_RESYNC] = "resync",
	[EVENT_READY] = "ready",
};

const char *change_type_name(enum change_type type)
{
	return type_names[type];
}

enum change_type change_type_find(const char *name)
{
	enum change_type type = 0;

	while (type < EVENT_TYPE_COUNT && strcmp(type_names[type], name) != 0)
		type++;
	return type;
}

struct change *delta_add(struct delta *delta, enum change_type type)
{
	struct change *change = memory_allocate(sizeof(*change));

	change->type = type;
	vector_add(&delta->changes, change);
	return change;
}

static void change_free(struct change *change)
{
	text_unref(change->device);
	text_unref(change->group);
	text_unref(change->rule);
	text_unref(change->changed);
	text_unref(change->instance);
	text_unref(change->group_before);
	text_unref(change->group_after);
	free(change);
}

void delta_done(struct delta *delta)
{
	for (size_t i = 0; i < delta->changes.count; i++)
		change_free(delta->changes.items[i]);
	vector_done(&delta->changes);
}
