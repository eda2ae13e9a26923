/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The road of a load: scan and parse every text, read the groups of all, then the rules of all, so
 * that a rule may name a group of any file; then what can only be said of the whole set.
 */
#include "rules/load.h"

#include "base/memory.h"
#include "rules/load_group.h"
#include "rules/load_rule.h"
#include "rules/load_settings.h"
#include "rules/matcher.h"
#include "rules/pattern.h"

#include <string.h>

static void open_file(struct loader *loader, const struct rule_text *text)
{
	struct loader_file *file = memory_allocate(sizeof(*file));

	file->text = text;
	file->name = text_intern_string(loader->pool, text->file);
	config_init(&file->config);
	loader->errors->source = loader->files.count;
	vector_add(&loader->files, file);
	file->parsed = load_settings(text, loader->errors, &file->config);
}

static void close_files(struct loader *loader)
{
	for (size_t i = 0; i < loader->files.count; i++) {
		struct loader_file *file = loader->files.items[i];

		config_destroy(&file->config);
		text_unref(file->name);
		free(file);
	}
	vector_done(&loader->files);
}

/* Reads one of the two lists at the top of a file. */
static void read_list(struct loader *loader, const char *key,
	void (*read_entry)(struct loader *loader, const config_setting_t *setting))
{
	const config_setting_t *root = config_root_setting(&loader->file->config);
	const config_setting_t *list = config_setting_get_member(root, key);

	if (!list)
		return;
	if (!config_setting_is_list(list)) {
		loader_error(loader, list, "write ( { ... }, { ... } )",
			"`%s` must be a list in round brackets", key);
		return;
	}
	for (int i = 0; i < config_setting_length(list); i++) {
		const config_setting_t *entry = config_setting_get_elem(list, (unsigned)i);

		if (config_setting_is_group(entry))
			read_entry(loader, entry);
		else
			loader_error(loader, entry, "write { name = \"...\"; ... }",
				"an entry of `%s` must be in curly brackets", key);
	}
}

static bool next_file(struct loader *loader, size_t *cursor)
{
	while (*cursor < loader->files.count) {
		loader->errors->source = *cursor;
		loader->file = loader->files.items[(*cursor)++];
		if (loader->file->parsed)
			return true;
	}
	return false;
}

static int by_group_name(const void *left, const void *right)
{
	const struct resource_group *const *first = left;
	const struct resource_group *const *second = right;

	return strcmp((*first)->name->bytes, (*second)->name->bytes);
}

static int by_text(const void *left, const void *right)
{
	const struct text *const *first = left;
	const struct text *const *second = right;

	return strcmp((*first)->bytes, (*second)->bytes);
}

static void sort(struct vector *vector, int (*order)(const void *, const void *))
{
	if (vector->count > 1)
		qsort(vector->items, vector->count, sizeof(*vector->items), order);
}

static void add_empty_group(struct ruleset *ruleset, const struct resource_group *group)
{
	struct buffer what = {0};
	struct buffer fix = {0};

	buffer_format(
		&what, "group `%s` has no enabled rule, so it stays empty", group->name->bytes);
	buffer_format(&fix, "add or enable a rule with group = \"%s\", or remove the group",
		group->name->bytes);
	ruleset_add_finding(ruleset, (struct finding){
					     .code = "empty-group",
					     .level = "warning",
					     .file = text_ref(group->file),
					     .line = group->line,
					     .message = buffer_take_text(&what),
					     .fix = buffer_take_text(&fix),
				     });
}

static void find_empty_groups(struct ruleset *ruleset)
{
	struct map filled = {0};

	for (size_t i = 0; i < ruleset->rules.count; i++) {
		const struct rule *rule = ruleset->rules.items[i];
		struct text *name = rule->group->name;

		if (rule->enabled && !map_find(&filled, name->bytes, name->length))
			map_add(&filled, name->bytes, name->length, name);
	}
	for (size_t i = 0; i < ruleset->groups.count; i++) {
		const struct resource_group *group = ruleset->groups.items[i];

		if (!map_find(&filled, group->name->bytes, group->name->length))
			add_empty_group(ruleset, group);
	}
	map_done(&filled);
}

/*
 * Errors were found texts first, then groups, then rules; they are told by file and line. Each of
 * the three is in order already, which an insertion sort uses.
 */
static void order_errors(struct vector *errors, size_t from)
{
	for (size_t i = from + 1; i < errors->count; i++) {
		struct rule_error *error = errors->items[i];
		size_t at = i;

		for (; at > from; at--) {
			const struct rule_error *before = errors->items[at - 1];

			if (before->source < error->source ||
				(before->source == error->source && before->line <= error->line))
				break;
			errors->items[at] = errors->items[at - 1];
		}
		errors->items[at] = error;
	}
}

static void read_all(struct loader *loader, const struct vector *texts)
{
	static const char *const keys[] = {"groups", "rules", NULL};
	size_t cursor = 0;

	for (size_t i = 0; i < texts->count; i++)
		open_file(loader, texts->items[i]);
	while (next_file(loader, &cursor)) {
		loader_check_keys(
			loader, config_root_setting(&loader->file->config), "a rule file", keys);
		read_list(loader, "groups", load_group);
	}
	cursor = 0;
	while (next_file(loader, &cursor))
		read_list(loader, "rules", load_rule);
}

static void loader_done(struct loader *loader)
{
	text_vector_done(&loader->rule_keys);
	map_done(&loader->rules);
	map_done(&loader->groups);
	map_done(&loader->properties);
	close_files(loader);
}

int load_rules(const struct vector *texts, const struct load_options *options,
	struct rule_errors *errors, struct ruleset **ret_ruleset)
{
	struct loader loader = {
		.pool = options->pool,
		.errors = errors,
		.ruleset = ruleset_new(),
	};
	size_t errors_before = errors->errors.count;

	loader.ruleset->engine = pattern_engine_new(options->regex_match_limit);
	read_all(&loader, texts);
	loader_done(&loader);
	if (errors->errors.count > errors_before) {
		order_errors(&errors->errors, errors_before);
		ruleset_free(loader.ruleset);
		return LOAD_INVALID;
	}
	sort(&loader.ruleset->groups, by_group_name);
	sort(&loader.ruleset->properties, by_text);
	find_empty_groups(loader.ruleset);
	for (enum kind kind = 0; kind < KIND_COUNT; kind++)
		loader.ruleset->matchers[kind] = matcher_new(
			&loader.ruleset->rules, kind, options->pool, &loader.ruleset->limit_hits);
	*ret_ruleset = loader.ruleset;
	return 0;
}
