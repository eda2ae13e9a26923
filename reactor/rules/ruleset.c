/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/ruleset.h"

#include "base/memory.h"
#include "rules/matcher.h"
#include "rules/pattern.h"

#include <string.h>

static void findings_done(struct vector *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		struct finding *finding = findings->items[i];

		text_unref(finding->file);
		text_unref(finding->message);
		text_unref(finding->fix);
		free(finding);
	}
	vector_done(findings);
}

void ruleset_add_finding(struct ruleset *ruleset, struct finding finding)
{
	struct finding *copy = memory_allocate(sizeof(*copy));

	*copy = finding;
	vector_add(&ruleset->findings, copy);
}

struct ruleset *ruleset_new(void)
{
	return memory_allocate(sizeof(struct ruleset));
}

struct ruleset *ruleset_free(struct ruleset *ruleset)
{
	if (!ruleset)
		return NULL;
	for (enum kind kind = 0; kind < KIND_COUNT; kind++)
		matcher_free(ruleset->matchers[kind]);
	for (size_t i = 0; i < ruleset->rules.count; i++)
		rule_free(ruleset->rules.items[i]);
	vector_done(&ruleset->rules);
	for (size_t i = 0; i < ruleset->groups.count; i++)
		group_free(ruleset->groups.items[i]);
	vector_done(&ruleset->groups);
	findings_done(&ruleset->findings);
	text_vector_done(&ruleset->properties);
	pattern_engine_free(ruleset->engine);
	free(ruleset);
	return NULL;
}

/* Where the group of this name stands, or would. */
static size_t locate_group(const struct ruleset *ruleset, const char *name)
{
	size_t low = 0;
	size_t high = ruleset->groups.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct resource_group *group = ruleset->groups.items[middle];

		if (strcmp(group->name->bytes, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct resource_group *ruleset_find_group(const struct ruleset *ruleset, const char *name)
{
	size_t at = locate_group(ruleset, name);
	const struct resource_group *group =
		at < ruleset->groups.count ? ruleset->groups.items[at] : NULL;

	return group && text_is(group->name, name) ? group : NULL;
}

static void drop_rules(struct ruleset *ruleset, const struct resource_group *group)
{
	struct vector *rules = &ruleset->rules;
	size_t left = 0;

	for (size_t i = 0; i < rules->count; i++) {
		struct rule *rule = rules->items[i];

		if (rule->group == group) {
			rule_free(rule);
			continue;
		}
		rules->items[left++] = rule;
		rule->number = (unsigned)left;
	}
	rules->count = left;
}

static struct resource_group *new_kept(struct text *name, enum kind kind)
{
	struct resource_group *group = memory_allocate(sizeof(*group));

	group->name = text_ref(name);
	group->kind = kind;
	group->description = text_new("", 0);
	group->driver = text_new("keep", strlen("keep"));
	group->return_grace = -1;
	group->vf.vlan = -1;
	group->vf.rate = -1;
	group->kept = true;
	group->file = text_new("", 0);
	return group;
}

void ruleset_keep_group(
	struct ruleset *ruleset, struct text *name, enum kind kind, struct text_pool *pool)
{
	struct resource_group *group = new_kept(name, kind);
	size_t at = locate_group(ruleset, name->bytes);

	if (ruleset_find_group(ruleset, name->bytes)) {
		struct resource_group *other = vector_remove(&ruleset->groups, at);
		struct matcher **matcher = &ruleset->matchers[other->kind];

		text_replace(&group->file, text_ref(other->file));
		group->line = other->line;
		matcher_free(*matcher);
		drop_rules(ruleset, other);
		*matcher = matcher_new(&ruleset->rules, other->kind, pool, &ruleset->limit_hits);
		group_free(other);
	}
	vector_insert(&ruleset->groups, at, group);
}

void ruleset_drop_kept(struct ruleset *ruleset, const struct text *name)
{
	size_t at = locate_group(ruleset, name->bytes);

	group_free(vector_remove(&ruleset->groups, at));
}

const struct rule *ruleset_decide(const struct ruleset *ruleset, const struct facts *facts)
{
	const struct rule *first = NULL;

	for (enum kind kind = 0; kind < KIND_COUNT; kind++)
		if (ruleset->matchers[kind] && (facts->kinds & KIND_MASK(kind)))
			first = rule_first(first, matcher_decide(ruleset->matchers[kind], facts));
	return first;
}
