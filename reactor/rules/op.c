/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Equal is a comparison of pointers, since rules and devices intern their texts in one pool. Only
 * hex values need their bytes: a rule may name the leading digits of class_hex, and text forms of
 * one width order like the numbers they stand for.
 */
#include "rules/op.h"

#include "base/table.h"
#include "rules/condition.h"
#include "rules/pattern.h"

#include <string.h>

TABLE_BEGIN(spellings);
static const struct {
	const char *name;
	const char *others[2];
} spellings[OP_COUNT] = {
	ROW(OP_EQUAL) = {"equal", {"eq", "=="}},
	ROW(OP_NOT_EQUAL) = {"not-equal", {"ne", "!="}},
	ROW(OP_LESS) = {"less", {"lt", "<"}},
	ROW(OP_LESS_OR_EQUAL) = {"less-or-equal", {"le", "<="}},
	ROW(OP_GREATER) = {"greater", {"gt", ">"}},
	ROW(OP_GREATER_OR_EQUAL) = {"greater-or-equal", {"ge", ">="}},
	ROW(OP_BEGINS_WITH) = {"begins-with", {"bw", "bw"}},
	ROW(OP_ENDS_WITH) = {"ends-with", {"ew", "ew"}},
	ROW(OP_CONTAINS) = {"contains", {"cs", "cs"}},
	ROW(OP_CONTAINS_NOCASE) = {"contains-nocase", {"ct", "ct"}},
	ROW(OP_REGEX) = {"regex", {"rx", "=~"}},
};
TABLE_END(spellings, OP_COUNT);

const char *op_name(enum op op)
{
	return spellings[op].name;
}

enum op op_find(const char *spelling)
{
	enum op op = 0;

	while (op < OP_COUNT && strcmp(spelling, spellings[op].name) != 0 &&
		strcmp(spelling, spellings[op].others[0]) != 0 &&
		strcmp(spelling, spellings[op].others[1]) != 0)
		op++;
	return op;
}

bool op_compares(enum op op)
{
	return op <= OP_GREATER_OR_EQUAL;
}

/* Negative, 0 or positive; a hex value is cut to the digits that the rule gives. */
static int compare(const struct condition *test, const struct text *actual)
{
	if (actual == test->value)
		return 0;
	if (test->value_type == VALUE_HEX)
		return memcmp(actual->bytes, test->value->bytes, test->value->length);
	return value_compare(test->value_type, actual, test->value);
}

static bool is_equal(const struct condition *test, const struct text *actual)
{
	return actual == test->value ||
	       (test->value_type == VALUE_HEX && compare(test, actual) == 0);
}

static bool begins_with(const struct text *actual, const struct text *start)
{
	return actual->length >= start->length &&
	       memcmp(actual->bytes, start->bytes, start->length) == 0;
}

static bool ends_with(const struct text *actual, const struct text *end)
{
	return actual->length >= end->length &&
	       memcmp(actual->bytes + actual->length - end->length, end->bytes, end->length) == 0;
}

static bool contains(const struct text *actual, const struct text *part)
{
	return memmem(actual->bytes, actual->length, part->bytes, part->length) != NULL;
}

static bool pattern_holds(
	const struct pattern *pattern, const struct text *actual, bool *ret_limit_hit)
{
	switch (pattern_match(pattern, actual)) {
	case PATTERN_NO_MATCH:
		return false;
	case PATTERN_MATCH:
		return true;
	case PATTERN_LIMIT_HIT:
		*ret_limit_hit = true;
		return false;
	}
	return false;
}

static bool value_holds(
	const struct condition *test, const struct text *actual, bool *ret_limit_hit)
{
	switch (test->op) {
	case OP_EQUAL:
		return is_equal(test, actual);
	case OP_NOT_EQUAL:
		return !is_equal(test, actual);
	case OP_LESS:
		return compare(test, actual) < 0;
	case OP_LESS_OR_EQUAL:
		return compare(test, actual) <= 0;
	case OP_GREATER:
		return compare(test, actual) > 0;
	case OP_GREATER_OR_EQUAL:
		return compare(test, actual) >= 0;
	case OP_BEGINS_WITH:
		return begins_with(actual, test->value);
	case OP_ENDS_WITH:
		return ends_with(actual, test->value);
	case OP_CONTAINS:
		return contains(actual, test->value);
	case OP_CONTAINS_NOCASE:
	case OP_REGEX:
		return pattern_holds(test->pattern, actual, ret_limit_hit);
	case OP_COUNT:
		break;
	}
	return false;
}

/* `not-equal` holds if it holds for all elements, any other operator if it does for one. */
static bool list_holds(const struct condition *test, const struct text *list, bool *ret_limit_hit)
{
	bool for_all = test->op == OP_NOT_EQUAL;
	const char *at = list->bytes;

	for (;;) {
		const char *end = strchrnul(at, ',');
		struct text *element = text_intern(test->value->pool, at, (size_t)(end - at));
		bool holds = value_holds(test, element, ret_limit_hit);

		text_unref(element);
		if (holds != for_all)
			return holds;
		if (*end == '\0')
			return for_all;
		at = end + 1;
	}
}

bool op_holds(const struct condition *test, const struct text *actual, bool *ret_limit_hit)
{
	if (!actual)
		return test->op == OP_NOT_EQUAL;
	if (test->value_type == VALUE_LIST)
		return list_holds(test, actual, ret_limit_hit);
	return value_holds(test, actual, ret_limit_hit);
}
