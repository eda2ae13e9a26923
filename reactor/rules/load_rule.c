/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/load_rule.h"

#include "base/memory.h"
#include "rules/clause.h"
#include "rules/load_match.h"
#include "rules/suggest.h"

/*
 * Errors for which the nearest group is looked for: each may compare 1,000 names, half a
 * millisecond, and there may be 100,000 of them.
 */
#define HELPED_ERRORS 100

static void unknown_group(struct loader *loader, const config_setting_t *setting, const char *name)
{
	struct suggestion suggestion = {.word = name};
	struct buffer hint = {0};
	const struct vector *groups = &loader->ruleset->groups;
	size_t helped = loader->errors->errors.count < HELPED_ERRORS ? groups->count : 0;

	for (size_t i = 0; i < helped; i++) {
		const struct resource_group *group = groups->items[i];

		if (group->name)
			suggestion_consider(&suggestion, group->name->bytes);
	}
	if (suggestion.best)
		buffer_format(&hint, "did you mean `%s`?", suggestion.best);
	else
		buffer_add_string(
			&hint, "define it: groups = ( { name = \"...\"; kind = \"...\"; } );");
	loader_error(loader, setting, buffer_string(&hint), "there is no group `%.64s`", name);
	buffer_done(&hint);
}

/* The text of the name it gives, which the caller owns; *ret_group is left alone if it is none. */
static struct text *read_group(struct loader *loader, const config_setting_t *setting,
	const struct resource_group **ret_group)
{
	const config_setting_t *member = config_setting_get_member(setting, "group");
	const struct resource_group *group;
	struct text *name;

	if (!member) {
		loader_error(loader, setting, "add group = \"...\";", "a rule without a group");
		return NULL;
	}
	name = loader_text(loader, member, "`group`");
	if (!name)
		return NULL;
	group = map_find(&loader->groups, name->bytes, name->length);
	if (group)
		*ret_group = group;
	else
		unknown_group(loader, member, name->bytes);
	return name;
}

static void check_unique(struct loader *loader, const config_setting_t *setting,
	const struct text *group, struct rule *rule)
{
	struct buffer words = {0};
	const struct rule *other;
	struct text *key;

	buffer_format(&words, "%s/%s", group->bytes, rule->name->bytes);
	key = text_intern_string(loader->pool, buffer_string(&words));
	buffer_done(&words);
	vector_add(&loader->rule_keys, key);
	other = map_find(&loader->rules, key->bytes, key->length);
	if (other)
		loader_error(loader, setting, "rename or remove one of them",
			"rule `%s` of group `%.64s` is defined at %s:%u already", rule->name->bytes,
			group->bytes, other->file->bytes, other->line);
	else
		map_add(&loader->rules, key->bytes, key->length, rule);
}

static void read_match(struct loader *loader, const config_setting_t *setting, struct rule *rule)
{
	const config_setting_t *match = config_setting_get_member(setting, "match");

	if (!match) {
		loader_error(loader, setting,
			"add match = ( (\"field\", \"operator\", \"value\") );",
			"a rule without `match`");
		return;
	}
	rule->match = load_match(loader, match, rule->group ? rule->group->kind : KIND_COUNT);
	if (rule->match && clause_count(rule->match) > CLAUSE_MOST)
		loader_error(loader, match,
			"put conditions on one field into an `any` of their own, which counts as "
			"one alternative, or write several rules",
			"alternatives (`any`, and `all` under `not`) combine in more than %u ways",
			CLAUSE_MOST);
}

static void read_name(struct loader *loader, const config_setting_t *setting, struct rule *rule)
{
	const config_setting_t *name = config_setting_get_member(setting, "name");

	if (name)
		rule->name = loader_name(loader, name, "the name of a rule");
	else
		loader_error(loader, setting, "add name = \"...\";", "a rule without a name");
}

void load_rule(struct loader *loader, const config_setting_t *setting)
{
	static const char *const keys[] = {"name", "group", "match", "enabled", NULL};
	const config_setting_t *enabled = config_setting_get_member(setting, "enabled");
	struct rule *rule = memory_allocate(sizeof(*rule));
	struct text *group;

	rule->number = (unsigned)loader->ruleset->rules.count + 1;
	rule->file = text_ref(loader->file->name);
	rule->line = config_setting_source_line(setting);
	rule->enabled = enabled ? loader_boolean(loader, enabled) : true;
	vector_add(&loader->ruleset->rules, rule);
	loader_check_keys(loader, setting, "a rule", keys);
	read_name(loader, setting, rule);
	group = read_group(loader, setting, &rule->group);
	if (rule->name && group)
		check_unique(loader, setting, group, rule);
	text_unref(group);
	read_match(loader, setting, rule);
}
