/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Groups that have instances cannot go, nor become others: a reload that would have it so is
 * refused. At a start there is no choice, and they are kept for as long as they have any.
 */
#include "core/claims_internal.h"

/* The first instances of the group by name, for a message. */
static void name_instances(const struct core *core, const struct text *group, struct buffer *names)
{
	const struct vector *instances = &core->claims.instances;
	unsigned named = 0;

	for (size_t i = 0; i < instances->count; i++) {
		const struct instance *instance = instances->items[i];
		char id[INSTANCE_ID_SIZE];

		if (instance->released || instance->group != group)
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
static bool is_first(const struct core *core, size_t at)
{
	const struct vector *instances = &core->claims.instances;
	const struct instance *instance = instances->items[at];

	for (size_t i = 0; i < at; i++) {
		const struct instance *other = instances->items[i];

		if (!other->released && other->group == instance->group)
			return false;
	}
	return !instance->released;
}

void claims_check_rules(
	const struct core *core, const struct ruleset *ruleset, struct rule_errors *errors)
{
	for (size_t i = 0; i < core->claims.instances.count; i++) {
		const struct instance *instance = core->claims.instances.items[i];
		const struct resource_group *group =
			ruleset_find_group(ruleset, instance->group->bytes);
		struct buffer names = {0};

		if ((group && group->kind == instance->kind) || !is_first(core, i))
			continue;
		name_instances(core, instance->group, &names);
		rule_errors_add(errors, group ? group->file->bytes : "rules",
			group ? group->line : 0, "release them first, or leave the group as it is",
			"group %s has instances (%s), so it cannot %s", instance->group->bytes,
			buffer_string(&names), group ? "become one of another kind" : "go");
		buffer_done(&names);
	}
}

void claims_keep_groups(struct core *core)
{
	for (size_t i = 0; i < core->claims.instances.count; i++) {
		const struct instance *instance = core->claims.instances.items[i];
		const struct resource_group *group =
			ruleset_find_group(core->ruleset, instance->group->bytes);

		if (!instance->released && (!group || group->kind != instance->kind))
			ruleset_keep_group(
				core->ruleset, instance->group, instance->kind, core->pool);
	}
}

static bool has_instances(const struct core *core, const struct text *group)
{
	const struct vector *instances = &core->claims.instances;

	for (size_t i = 0; i < instances->count; i++)
		if (((const struct instance *)instances->items[i])->group == group)
			return true;
	return false;
}

void claims_drop_group(struct core *core, const struct text *name)
{
	const struct resource_group *group = ruleset_find_group(core->ruleset, name->bytes);

	if (!group || !group->kept || has_instances(core, name))
		return;
	ruleset_drop_kept(core->ruleset, name);
	queue_note_all(core); /* its tenants' VMs may wait there, too */
	claims_due(core, 0);
}
