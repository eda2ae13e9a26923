/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The matcher asks the same questions of single values, and `explain` writes down the answers. */
#include "rules/evaluate.h"

struct text *evaluate_actual(const struct condition *test, const struct facts *facts)
{
	if (test->property)
		return facts_property(facts, test->property);
	return facts_value(facts, test->field);
}

/* Of `facts`; without them, of a device whose field that the tests name has the value `lone`. */
static bool holds(const struct condition *condition, const struct facts *facts, struct text *lone,
	bool *ret_limit_hit)
{
	const struct vector *children = &condition->children;

	switch (condition->type) {
	case CONDITION_TEST:
		if (facts)
			lone = evaluate_actual(condition, facts);
		return op_holds(condition, lone, ret_limit_hit);
	case CONDITION_ANY:
		for (size_t i = 0; i < children->count; i++)
			if (holds(children->items[i], facts, lone, ret_limit_hit))
				return true;
		return false;
	case CONDITION_ALL:
		for (size_t i = 0; i < children->count; i++)
			if (!holds(children->items[i], facts, lone, ret_limit_hit))
				return false;
		return true;
	case CONDITION_NOT:
		return !holds(children->items[0], facts, lone, ret_limit_hit);
	}
	return false;
}

bool evaluate_condition(
	const struct condition *condition, const struct facts *facts, bool *ret_limit_hit)
{
	if (condition->type == CONDITION_TEST) /* nearly always */
		return op_holds(condition, evaluate_actual(condition, facts), ret_limit_hit);
	return holds(condition, facts, NULL, ret_limit_hit);
}

bool evaluate_value(const struct condition *condition, struct text *value, bool *ret_limit_hit)
{
	if (condition->type == CONDITION_TEST) /* likewise */
		return op_holds(condition, value, ret_limit_hit);
	return holds(condition, NULL, value, ret_limit_hit);
}
