/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every condition is asked on its own, also behind one that has already decided. */
#include "rules/explain.h"

#include "rules/evaluate.h"

static void write_holds(
	struct writer *json, const struct condition *condition, const struct facts *facts)
{
	bool limit_hit = false; /* counted when rules decide, not when they are asked about */

	writer_key_boolean(json, "holds", evaluate_condition(condition, facts, &limit_hit));
}

static void write_test(struct writer *json, const struct condition *test, const struct facts *facts)
{
	struct buffer name = {0};

	condition_field_name(test, &name);
	writer_key_string(json, "field", buffer_string(&name));
	buffer_done(&name);
	writer_key_string(json, "operator", op_name(test->op));
	writer_key_text(json, "expected", test->value);
	writer_key_text(json, "actual", evaluate_actual(test, facts));
	write_holds(json, test, facts);
}

static void write_condition(
	struct writer *json, const struct condition *condition, const struct facts *facts);

static void write_children(struct writer *json, const char *key, const struct condition *parent,
	const struct facts *facts)
{
	writer_key(json, key);
	writer_open(json, '[');
	for (size_t i = 0; i < parent->children.count; i++)
		write_condition(json, parent->children.items[i], facts);
	writer_close(json, ']');
}

static void write_condition(
	struct writer *json, const struct condition *condition, const struct facts *facts)
{
	writer_open(json, '{');
	switch (condition->type) {
	case CONDITION_TEST:
		write_test(json, condition, facts);
		break;
	case CONDITION_ANY:
		write_children(json, "any", condition, facts);
		break;
	case CONDITION_ALL:
		write_children(json, "all", condition, facts);
		break;
	case CONDITION_NOT:
		write_children(json, "not", condition, facts);
		break;
	}
	writer_close(json, '}');
}

static void write_verdict(struct writer *json, const struct rule *rule, const struct facts *facts)
{
	writer_open(json, '{');
	writer_key_number(json, "number", rule->number);
	writer_key_text(json, "rule", rule->name);
	writer_key_text(json, "group", rule->group->name);
	writer_key_boolean(json, "enabled", rule->enabled);
	write_holds(json, rule->match, facts);
	write_children(json, "conditions", rule->match, facts);
	writer_close(json, '}');
}

void explain_write(struct writer *json, const struct ruleset *ruleset, const struct facts *facts)
{
	writer_open(json, '[');
	for (size_t i = 0; i < ruleset->rules.count; i++) {
		const struct rule *rule = ruleset->rules.items[i];

		if (facts->kinds & KIND_MASK(rule->group->kind))
			write_verdict(json, rule, facts);
	}
	writer_close(json, ']');
}
