/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON text to values and back: the strict reader and the exact writer of the library. */
#pragma once

#include <jansson.h>
#include <stddef.h>

/* Room for a sentence on what is wrong with a text. */
struct problem {
	char text[256];
};

/* Reads one value. -EBADMSG: ret_problem says why. *ret_value, written on 0, belongs to the
 * caller. */
int json_read(const char *text, size_t length, json_t **ret_value, struct problem *ret_problem);

/* The value as one line, which the caller frees; NULL: out of memory. */
char *json_write(const json_t *value);
