/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/rule.h"

#include "base/memory.h"

struct resource_group *group_free(struct resource_group *group)
{
	if (!group)
		return NULL;
	text_unref(group->name);
	text_unref(group->description);
	text_unref(group->driver);
	text_unref(group->vf.mac);
	text_unref(group->file);
	text_vector_done(&group->allow);
	for (size_t i = 0; i < group->owners.count; i++) {
		struct group_owner *owner = group->owners.items[i];

		text_unref(owner->pattern);
		free(owner);
	}
	vector_done(&group->owners);
	free(group);
	return NULL;
}

struct rule *rule_free(struct rule *rule)
{
	if (!rule)
		return NULL;
	text_unref(rule->name);
	text_unref(rule->file);
	condition_free(rule->match);
	free(rule);
	return NULL;
}
