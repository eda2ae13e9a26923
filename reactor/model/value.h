/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Typed values, held as texts. Each type has one text form for each value, so two values are equal
 * exactly if their text forms are, and interned texts compare by pointer. The order of a value is
 * derived from its text form when an operator asks for it.
 *
 * A struct with a union for each type was rejected: operators, JSON and explain all want the
 * text form, and a value would be kept twice.
 */
#pragma once

#include "base/buffer.h"
#include "base/text.h"

#include <stdint.h>

enum value_type {
	VALUE_TEXT,
	VALUE_LIST,    /* of texts, joined by commas; "" is one empty element */
	VALUE_ADDRESS, /* of a PCI function */
	VALUE_HEX,     /* lower case, as many digits as the field has */
	VALUE_NUMBER,  /* decimal, with a fraction of at most six digits: 480, 1.5, -1 */
	VALUE_ID_PAIR, /* 10de:1eb8 */
	VALUE_VERSION, /* bcdUSB: major, a dot, two digits without a needless last zero */
};

const char *value_type_name(enum value_type type);

enum {
	VALUE_MALFORMED = 1, /* the spelling is not of this type */
};

/*
 * Appends the text form of `spelling` (any accepted one: short slots, 0x, upper case, leading
 * zeros, blanks around) to `ret_form`. `digits` is the width of a VALUE_HEX, and unused for the
 * other types. VALUE_TEXT and VALUE_LIST pass unchanged. Returns 0 or VALUE_MALFORMED.
 */
int value_normalise(
	enum value_type type, unsigned digits, const char *spelling, struct buffer *ret_form);

/*
 * Orders two text forms of one type: negative, 0, positive. Numbers, hex, id pairs, versions and
 * addresses by value; texts and lists byte by byte.
 */
int value_compare(enum value_type type, const struct text *left, const struct text *right);
