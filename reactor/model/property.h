/* SPDX-License-Identifier: GPL-2.0-or-later */
/* udev properties of one device: only those that some rule names as udev.KEY. */
#pragma once

#include "base/text.h"

#include <stdbool.h>

struct property {
	struct text *key; /* both interned in the pool of the rules */
	struct text *value;
};

/* Zero-initialised is empty. In ascending order of keys, so that equal lists are alike. */
struct property_list {
	struct property *items;
	size_t count;
};

/* Appends a property; the list takes over both references. */
void property_list_add(struct property_list *list, struct text *key, struct text *value);

/* `list` becomes a copy of `from`. */
void property_list_copy(struct property_list *list, const struct property_list *from);

/* The value of the interned `key`, borrowed, or NULL. */
struct text *property_list_find(const struct property_list *list, const struct text *key);

bool property_list_equal(const struct property_list *left, const struct property_list *right);
void property_list_done(struct property_list *list);
