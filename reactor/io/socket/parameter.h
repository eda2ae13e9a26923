/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parameters as data: each method lists what it takes, and one function checks any call by it. */
#pragma once

#include "base/buffer.h"

#include <stdbool.h>

struct json_t;

enum parameter_type {
	PARAMETER_STRING,
	PARAMETER_INTEGER,
	PARAMETER_BOOLEAN,
	PARAMETER_STRINGS, /* an array of them */
};

struct parameter {
	const char *name; /* NULL ends a table */
	enum parameter_type type;
	bool optional; /* may be absent or null */
};

enum {
	PARAMETER_WRONG = 1,
};

/*
 * Whether `parameters` (NULL: none) are what `table` says: nothing unknown, missing or of another
 * type. 0 or PARAMETER_WRONG; then *ret_name (in `table` or `parameters`) is the first wrong one,
 * and what is wrong and would be right is appended to `message`.
 */
int parameter_check(const struct parameter *table, struct json_t *parameters,
	struct buffer *message, const char **ret_name);
