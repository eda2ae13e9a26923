/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Equal is a comparison of pointers, since rules and devices intern their texts in one pool. Only
 * hex values need their bytes: a rule may name the leading digits of class_hex, and text forms of
 * one width order like the numbers they stand for.
 */
#include "rules/operator.h"

#include "rules/pattern.h"
#include "rules/ruleset.h"

#include <string.h>

static const struct {
	const char *name;
	const char *others[2];
} spellings[OPERATOR_COUNT] = {
	[OPERATOR_EQUAL] = {"equal", {"eq", "=="}},
	[OPERATOR_NOT_EQUAL] = {"not-equal", {"ne", "!="}},
	[OPERATOR_LESS] = {"less", {"lt", "<"}},
	[OPERATOR_LESS_OR_EQUAL] = {"less-or-equal", {"le", "<="}},
	[OPERATOR_GREATER] = {"greater", {"gt", ">"}},
	[OPERATOR_GREATER_OR_EQUAL] = {"greater-or-equal", {"ge", ">="}},
	[OPERATOR_BEGINS_WITH] = {"begins-with", {"bw", "bw"}},
	[OPERATOR_ENDS_WITH] = {"ends-with", {"ew", "ew"}},
	[OPERATOR_CONTAINS] = {"contains", {"cs", "cs"}},
	[OPERATOR_CONTAINS_NOCASE] = {"contains-nocase", {"ct", "ct"}},
	[OPERATOR_REGEX] = {"regex", {"rx", "=~"}},
};

const char *operator_name(enum operator operator)
{
	return spellings[operator].name;
}

enum operator operator_find(const char *spelling)
{
	enum operator operator= 0;

	while (operator<OPERATOR_COUNT && strcmp(spelling, spellings[operator].name) != 0 &&
		strcmp(spelling, spellings[operator].others[0]) != 0 &&
		strcmp(spelling, spellings[operator].others[1]) != 0)
		operator++;
	return operator;
}

bool operator_compares(enum operator operator)
{
	return operator<= OPERATOR_GREATER_OR_EQUAL;
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
	switch (test->operator) {
	case OPERATOR_EQUAL:
		return is_equal(test, actual);
	case OPERATOR_NOT_EQUAL:
		return !is_equal(test, actual);
	case OPERATOR_LESS:
		return compare(test, actual) < 0;
	case OPERATOR_LESS_OR_EQUAL:
		return compare(test, actual) <= 0;
	case OPERATOR_GREATER:
		return compare(test, actual) > 0;
	case OPERATOR_GREATER_OR_EQUAL:
		return compare(test, actual) >= 0;
	case OPERATOR_BEGINS_WITH:
		return begins_with(actual, test->value);
	case OPERATOR_ENDS_WITH:
		return ends_with(actual, test->value);
	case OPERATOR_CONTAINS:
		return contains(actual, test->value);
	case OPERATOR_CONTAINS_NOCASE:
	case OPERATOR_REGEX:
		return pattern_holds(test->pattern, actual, ret_limit_hit);
	case OPERATOR_COUNT:
		break;
	}
	return false;
}

/* `not-equal` holds if it holds for all elements, any other operator if it does for one. */
static bool list_holds(const struct condition *test, const struct text *list, bool *ret_limit_hit)
{
	bool for_all = test->operator== OPERATOR_NOT_EQUAL;
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

bool operator_holds(const struct condition *test, const struct text *actual, bool *ret_limit_hit)
{
	if (!actual)
		return test->operator== OPERATOR_NOT_EQUAL;
	if (test->value_type == VALUE_LIST)
		return list_holds(test, actual, ret_limit_hit);
	return value_holds(test, actual, ret_limit_hit);
}
