/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The eleven operators. Operators are data: a table of names and spellings, and
 * one function that applies any of them to one value.
 *
 * To add an operator: an enumerator here, a row and a case in op.c.
 */
#pragma once

#include "base/text.h"
#include "model/value.h"

#include <stdbool.h>

struct condition;

enum op {
	OP_EQUAL,
	OP_NOT_EQUAL,
	OP_LESS,
	OP_LESS_OR_EQUAL,
	OP_GREATER,
	OP_GREATER_OR_EQUAL,
	OP_BEGINS_WITH,
	OP_ENDS_WITH,
	OP_CONTAINS,
	OP_CONTAINS_NOCASE,
	OP_REGEX,
	OP_COUNT,
};

/* The long name, as printed. */
const char *op_name(enum op op);

/* By long name or any other spelling; OP_COUNT if there is none. */
enum op op_find(const char *spelling);

/*
 * Whether it compares typed values, so that the rule's value is normalised to the field's type.
 * The others look at the text form and take the rule's value literally. Both take every type.
 */
bool op_compares(enum op op);

/*
 * Whether the value `actual` (interned like the test's own; NULL: absent) satisfies a
 * CONDITION_TEST. A list satisfies a positive operator if any element does, `not-equal` if none is
 * equal. *ret_limit_hit becomes true when a regex was given up, and is left alone otherwise.
 */
bool op_holds(const struct condition *test, const struct text *actual, bool *ret_limit_hit);
