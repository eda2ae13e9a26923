/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/describe.h"

#include "base/memory.h"
#include "rules/print.h"

#include <stdlib.h>
#include <string.h>

/* Most devices are described in less. */
#define DEVICE_GUESS 1024

static void write_fields(struct writer *json, const struct facts *facts, enum kind kind)
{
	writer_key(json, kind_name(kind));
	writer_open(json, '{');
	for (enum field field = 0; field < FIELD_COUNT; field++) {
		const struct field_description *description = field_describe(field);

		if (description->kinds & KIND_MASK(kind))
			writer_key_text(json, description->name, facts_value(facts, field));
	}
	for (size_t i = 0; i < facts->properties.count; i++) {
		struct buffer name = {0};

		buffer_format(&name, "udev.%s", facts->properties.items[i].key->bytes);
		writer_key_text(json, buffer_string(&name), facts->properties.items[i].value);
		buffer_done(&name);
	}
	writer_close(json, '}');
}

struct text *describe_device(const struct device_view *view)
{
	const struct facts *facts = view->facts;
	struct writer json = {0};

	buffer_reserve(&json.out, DEVICE_GUESS);
	writer_open(&json, '{');
	writer_key_text(&json, "id", facts->id);
	writer_key(&json, "kinds");
	writer_open(&json, '[');
	for (enum kind kind = 0; kind < KIND_COUNT; kind++)
		if (facts->kinds & KIND_MASK(kind))
			writer_string(&json, kind_name(kind));
	writer_close(&json, ']');
	writer_key_text(&json, "name", facts->name);
	writer_key_string(&json, "state", device_state_name(view->state));
	writer_key(&json, "reasons");
	if (view->reasons)
		writer_raw(&json, view->reasons->bytes, view->reasons->length);
	else
		writer_raw(&json, "[]", 2);
	writer_key_text(&json, "group", view->group);
	writer_key_text(&json, "rule", view->rule);
	writer_key_text(&json, "instance", view->instance);
	writer_key_text(&json, "parent", facts->parent);
	writer_key_text(&json, "bound", facts->bound);
	writer_key(&json, "fields");
	writer_open(&json, '{');
	for (enum kind kind = 0; kind < KIND_COUNT; kind++)
		if (facts->kinds & KIND_MASK(kind))
			write_fields(&json, facts, kind);
	writer_close(&json, '}');
	writer_close(&json, '}');
	return writer_take(&json);
}

void describe_write_short(struct writer *json, const struct text *id, enum device_state state)
{
	writer_open(json, '{');
	writer_key_text(json, "id", id);
	writer_key_string(json, "state", device_state_name(state));
	writer_close(json, '}');
}

struct text *describe_device_short(const struct text *id, enum device_state state)
{
	struct writer json = {0};

	describe_write_short(&json, id, state);
	return writer_take(&json);
}

/* What a group's devices and rules add up to. */
struct tally {
	const struct resource_group *group;
	int64_t states[STATE_COUNT];
	int64_t devices;
	int64_t missing;
	int64_t rules;
};

static int compare_name(const void *name, const void *tally)
{
	return strcmp(name, ((const struct tally *)tally)->group->name->bytes);
}

static struct tally *find_tally(struct tally *tallies, size_t count, const struct text *name)
{
	return bsearch(name->bytes, tallies, count, sizeof(*tallies), compare_name);
}

static struct tally *tally_groups(const struct core *core)
{
	const struct vector *groups = &core->ruleset->groups;
	const struct vector *rules = &core->ruleset->rules;
	struct tally *tallies = memory_allocate(groups->count * sizeof(*tallies));

	for (size_t i = 0; i < groups->count; i++)
		tallies[i].group = groups->items[i];
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = rules->items[i];

		find_tally(tallies, groups->count, rule->group->name)->rules++;
	}
	for (size_t i = 0; i < core->inventory.devices.count; i++) {
		const struct device *device = core->inventory.devices.items[i];
		struct tally *tally;

		if (!device->now.group)
			continue;
		tally = find_tally(tallies, groups->count, device->now.group);
		tally->devices++;
		tally->states[device->now.state]++;
	}
	for (size_t i = 0; i < core->claims.instances.count; i++) {
		const struct instance *instance = core->claims.instances.items[i];

		if (instance->json && instance_state(instance) == INSTANCE_MISSING)
			find_tally(tallies, groups->count, instance->group)->missing++;
	}
	return tallies;
}

static void write_owners(struct writer *json, const struct vector *owners)
{
	writer_key(json, "owners");
	writer_open(json, '[');
	for (size_t i = 0; i < owners->count; i++) {
		const struct group_owner *owner = owners->items[i];

		writer_open(json, '{');
		writer_key_text(json, "owner", owner->pattern);
		if (owner->most >= 0)
			writer_key_number(json, "most", owner->most);
		writer_close(json, '}');
	}
	writer_close(json, ']');
}

static struct text *describe_group(const struct tally *tally)
{
	const struct resource_group *group = tally->group;
	struct writer json = {0};

	writer_open(&json, '{');
	writer_key_text(&json, "name", group->name);
	writer_key_string(&json, "kind", kind_name(group->kind));
	writer_key_text(&json, "description", group->description);
	writer_key_text(&json, "driver", group->driver);
	write_owners(&json, &group->owners);
	writer_key_number(&json, "devices", tally->devices);
	writer_key_number(&json, "available", tally->states[STATE_AVAILABLE]);
	writer_key_number(&json, "claimed", tally->states[STATE_CLAIMED]);
	writer_key_number(&json, "preparing", tally->states[STATE_PREPARING]);
	writer_key_number(&json, "blocked", tally->states[STATE_BLOCKED]);
	writer_key_number(&json, "failed", tally->states[STATE_FAILED]);
	writer_key_number(&json, "missing", tally->missing);
	writer_key_number(&json, "rules", tally->rules);
	writer_close(&json, '}');
	return writer_take(&json);
}

void describe_groups(const struct core *core, struct vector *ret_texts)
{
	struct tally *tallies = tally_groups(core);

	for (size_t i = 0; i < core->ruleset->groups.count; i++) {
		const struct tally *tally = &tallies[i];

		if (!tally->group->kept || tally->devices + tally->missing > 0)
			vector_add(ret_texts, describe_group(tally));
	}
	free(tallies);
}

static struct text *describe_rule(const struct rule *rule, int64_t matches)
{
	struct writer json = {0};
	struct buffer match = {0};

	print_match(&match, rule);
	writer_open(&json, '{');
	writer_key_number(&json, "number", rule->number);
	writer_key_text(&json, "name", rule->name);
	writer_key_text(&json, "group", rule->group->name);
	writer_key_string(&json, "kind", kind_name(rule->group->kind));
	writer_key_boolean(&json, "enabled", rule->enabled);
	writer_key_text(&json, "file", rule->file);
	writer_key_number(&json, "line", rule->line);
	writer_key_string(&json, "match", buffer_string(&match));
	writer_key_number(&json, "matches", matches);
	writer_close(&json, '}');
	buffer_done(&match);
	return writer_take(&json);
}

void describe_rules(const struct core *core, struct vector *ret_texts)
{
	const struct vector *rules = &core->ruleset->rules;
	int64_t *matches = memory_allocate((rules->count + 1) * sizeof(*matches));

	for (size_t i = 0; i < core->inventory.devices.count; i++) {
		const struct device *device = core->inventory.devices.items[i];

		matches[device->now.rule_number]++; /* 0: no rule */
	}
	for (size_t i = 0; i < rules->count; i++)
		vector_add(ret_texts, describe_rule(rules->items[i], matches[i + 1]));
	free(matches);
}

void describe_rule_errors(struct writer *json, const struct rule_errors *errors)
{
	writer_open(json, '[');
	for (size_t i = 0; i < errors->errors.count; i++) {
		const struct rule_error *error = errors->errors.items[i];

		writer_open(json, '{');
		writer_key_string(json, "file", error->file);
		writer_key_number(json, "line", error->line);
		writer_key_string(json, "message", error->message);
		writer_key_string(json, "hint", error->hint);
		writer_close(json, '}');
	}
	writer_close(json, ']');
}

void describe_findings(struct writer *json, const struct ruleset *ruleset)
{
	writer_open(json, '[');
	for (size_t i = 0; i < ruleset->findings.count; i++) {
		const struct finding *finding = ruleset->findings.items[i];

		writer_open(json, '{');
		writer_key_string(json, "code", finding->code);
		writer_key_string(json, "level", finding->level);
		writer_key_text(json, "file", finding->file);
		writer_key_number(json, "line", finding->line);
		writer_key_text(json, "message", finding->message);
		writer_key_text(json, "fix", finding->fix);
		writer_close(json, '}');
	}
	writer_close(json, ']');
}
