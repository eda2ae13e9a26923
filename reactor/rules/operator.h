/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The eleven operators (SPEC section 3). Operators are data: a table of names and spellings, and
 * one function that applies any of them to one value.
 *
 * To add an operator: an enumerator here, a row and a case in operator.c.
 */
#pragma once

#include "base/text.h"
#include "model/value.h"

#include <stdbool.h>

struct condition;

enum operator{
	OPERATOR_EQUAL,
	OPERATOR_NOT_EQUAL,
	OPERATOR_LESS,
	OPERATOR_LESS_OR_EQUAL,
	OPERATOR_GREATER,
	OPERATOR_GREATER_OR_EQUAL,
	OPERATOR_BEGINS_WITH,
	OPERATOR_ENDS_WITH,
	OPERATOR_CONTAINS,
	OPERATOR_CONTAINS_NOCASE,
	OPERATOR_REGEX,
	OPERATOR_COUNT,
};

/* The long name, as printed. */
const char *operator_name(enum operator operator);

/* By long name or any other spelling; OPERATOR_COUNT if there is none. */
enum operator operator_find(const char *spelling);

/*
 * Whether it compares typed values, so that the rule's value is normalised to the field's type.
 * The others look at the text form and take the rule's value literally. Both take every type.
 */
bool operator_compares(enum operator operator);

/*
 * Whether the value `actual` (interned like the test's own; NULL: absent) satisfies a
 * CONDITION_TEST. A list satisfies a positive operator if any element does, `not-equal` if none is
 * equal. *ret_limit_hit becomes true when a regex was given up, and is left alone otherwise.
 */
bool operator_holds(const struct condition *test, const struct text *actual, bool *ret_limit_hit);
