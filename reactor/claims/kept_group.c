/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claims/kept_group.h"

#include "base/buffer.h"
#include "claims/queue.h"

/* The first instances of the group by name, for a message. */
static void name_instances(
	const struct claims *claims, const struct text *group, struct buffer *names)
{
	const struct vector *instances = &claims->instances;
	unsigned named = 0;

	for (size_t i = 0; i < instances->count; i++) {
		const struct instance *instance = instances->items[i];
		char id[INSTANCE_ID_SIZE];

		if (instance->phase == INSTANCE_RELEASED || instance->group != group)
			continue;
		if (++named > 8) {
			buffer_add_string(names, ", ...");
			return;
		}
		instance_format_id(instance->number, id);
		buffer_format(names, "%s%s", named > 1 ? ", " : "", id);
	}
}

/* Whether the instance is the first of its group, so that each group is looked at once. */
static bool is_first(const struct claims *claims, size_t at)
{
	const struct vector *instances = &claims->instances;
	const struct instance *instance = instances->items[at];

	for (size_t i = 0; i < at; i++) {
		const struct instance *other = instances->items[i];

		if (other->phase != INSTANCE_RELEASED && other->group == instance->group)
			return false;
	}
	return instance->phase != INSTANCE_RELEASED;
}

void kept_group_check(
	const struct claims *claims, const struct ruleset *ruleset, struct rule_errors *errors)
{
	for (size_t i = 0; i < claims->instances.count; i++) {
		const struct instance *instance = claims->instances.items[i];
		const struct resource_group *group =
			ruleset_find_group(ruleset, instance->group->bytes);
		struct buffer names = {0};

		if ((group && group->kind == instance->kind) || !is_first(claims, i))
			continue;
		name_instances(claims, instance->group, &names);
		rule_errors_add(errors, group ? group->file->bytes : "rules",
			group ? group->line : 0, "release them first, or leave the group as it is",
			"group %s has instances (%s), so it cannot %s", instance->group->bytes,
			buffer_string(&names), group ? "become one of another kind" : "go");
		buffer_done(&names);
	}
}

void kept_group_keep(struct claims *claims)
{
	for (size_t i = 0; i < claims->instances.count; i++) {
		const struct instance *instance = claims->instances.items[i];
		const struct resource_group *group =
			ruleset_find_group(claims->devices->ruleset, instance->group->bytes);

		if (instance->phase != INSTANCE_RELEASED &&
			(!group || group->kind != instance->kind))
			ruleset_keep_group(claims->devices->ruleset, instance->group,
				instance->kind, claims->devices->pool);
	}
}

static bool has_instances(const struct claims *claims, const struct text *group)
{
	const struct vector *instances = &claims->instances;

	for (size_t i = 0; i < instances->count; i++)
		if (((const struct instance *)instances->items[i])->group == group)
			return true;
	return false;
}

void kept_group_drop(struct claims *claims, const struct text *name)
{
	const struct resource_group *group =
		ruleset_find_group(claims->devices->ruleset, name->bytes);

	if (!group || !group->kept || has_instances(claims, name))
		return;
	ruleset_drop_kept(claims->devices->ruleset, name);
	queue_note_all(claims); /* its tenants' VMs may wait there, too */
	claims_due(claims, 0);
}
