/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/describe.h"

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

void describe_rules(const struct devices *devices, struct vector *ret_texts)
{
	const struct vector *rules = &devices->ruleset->rules;
	int64_t *matches = memory_allocate((rules->count + 1) * sizeof(*matches));

	for (size_t i = 0; i < devices->inventory.devices.count; i++) {
		const struct device *device = devices->inventory.devices.items[i];

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
