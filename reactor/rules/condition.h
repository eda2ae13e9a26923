/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A condition of a rule, as loaded: a test, or a tree of them. Its texts are interned. */
#pragma once

#include "base/buffer.h"
#include "base/vector.h"
#include "model/field.h"
#include "rules/op.h"

enum condition_type {
	CONDITION_TEST, /* one field, one operator, one value */
	CONDITION_ANY,
	CONDITION_ALL,
	CONDITION_NOT, /* exactly one child */
};

struct condition {
	enum condition_type type;
	struct vector children; /* of struct condition, owned; empty for a test */

	/* of a CONDITION_TEST */
	enum field field;      /* FIELD_COUNT: the udev property `property` */
	struct text *property; /* KEY of udev.KEY */
	enum value_type value_type;
	enum op op;
	struct text *value;	 /* what the field is held against, in its text form */
	struct pattern *pattern; /* of OP_REGEX and OP_CONTAINS_NOCASE */
};

struct condition *condition_new(enum condition_type type);
struct condition *condition_free(struct condition *condition);

/* Appends what a rule file calls the field of a CONDITION_TEST: `slot`, `udev.ID_SERIAL`. */
void condition_field_name(const struct condition *test, struct buffer *ret_name);
