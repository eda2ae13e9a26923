/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of the daemon as text for people. */
#pragma once

#include "hostdev.h"

#include <stdio.h>

struct table;

/* The text of a member, borrowed; "" if there is none. */
const char *show_text(const struct hostdev_value *object, const char *key);

/* The object of a list that has this text under key, borrowed; NULL if there is none. */
const struct hostdev_value *show_find(
	const struct hostdev_value *list, const char *key, const char *text);

/* A value as one clean line: a list's elements are joined by commas, an absent value is empty. The
 * caller frees it. */
char *show_line(const struct hostdev_value *value);

/* All members of an object, a line each, nested objects indented below their key; on a terminal
 * `started` and `since` as local time. */
void show_object(const struct hostdev_value *object);

/* A rule file's error or finding: `file:line: message; hint`, as far as they are there. */
void show_place(FILE *out, const struct hostdev_value *entry);

/* A table with a row for each object, of its members under these keys, one for each header. */
struct table *show_table(
	const struct hostdev_value *objects, const char *const *headers, const char *const *keys);

/* A list of devices as a table. */
void show_devices(const struct hostdev_value *devices);
