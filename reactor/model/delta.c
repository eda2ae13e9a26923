/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/delta.h"

#include "base/memory.h"
#include "base/table.h"

TABLE_BEGIN(type_names);
static const char *const type_names[EVENT_TYPE_COUNT] = {
	ROW(EVENT_DEVICE_ADDED) = "device.added",
	ROW(EVENT_DEVICE_CHANGED) = "device.changed",
	ROW(EVENT_DEVICE_REMOVED) = "device.removed",
	ROW(EVENT_GROUP_JOINED) = "group.joined",
	ROW(EVENT_GROUP_LEFT) = "group.left",
	ROW(EVENT_INSTANCE_CREATED) = "instance.created",
	ROW(EVENT_INSTANCE_ASSIGNED) = "instance.assigned",
	ROW(EVENT_INSTANCE_UNASSIGNED) = "instance.unassigned",
	ROW(EVENT_INSTANCE_BOUND) = "instance.bound",
	ROW(EVENT_INSTANCE_MISSING) = "instance.missing",
	ROW(EVENT_INSTANCE_RETURNED) = "instance.returned",
	ROW(EVENT_INSTANCE_RELEASED) = "instance.released",
	ROW(EVENT_RULES_RELOADED) = "rules.reloaded",
	ROW(EVENT_RESYNC) = "resync",
	ROW(EVENT_READY) = "ready",
};
TABLE_END(type_names, EVENT_TYPE_COUNT);

const char *change_type_name(enum change_type type)
{
	return type_names[type];
}

enum change_type change_type_find(const char *name)
{
	return TABLE_FIND(type_names, name);
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
