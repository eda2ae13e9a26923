/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was seen of one device in one look: immutable once it stands in the inventory, counted, and
 * compared whole with the look before. The probe makes facts; everything to its right reads them.
 *
 * Every text in it is interned in the one pool that the rules were loaded with too, so equal texts
 * are the same pointer.
 */
#pragma once

#include "base/text.h"
#include "base/vector.h"
#include "model/field.h"
#include "model/property.h"

#include <stdbool.h>
#include <stdint.h>

struct facts {
	unsigned references;
	unsigned kinds;	     /* KIND_MASK of each */
	bool offers_vgpus;   /* a function with a list of vGPU types, were it empty now */
	uint64_t life;	     /* inode number of the device's folder: another one, another device */
	struct text *id;     /* pci:0000:01:00.0, usb:1-2.1, vgpu:0000:41:00.4/558 */
	struct text *name;   /* for people */
	struct text *parent; /* id of the device that it hangs on, or NULL */
	struct text *bound;  /* driver it is on now, or NULL */
	struct text *values[FIELD_COUNT]; /* text forms; NULL: absent */
	struct property_list properties;
};

/* Facts with one reference and nothing in them but the id, whose reference they take over. */
struct facts *facts_new(struct text *id, unsigned kinds);
struct facts *facts_ref(struct facts *facts);
struct facts *facts_unref(struct facts *facts);

/* Gives up what a vector of struct facts holds; it is empty afterwards. */
void facts_list_done(struct vector *list);

/* Facts with one reference that equal `facts` but have no properties. */
struct facts *facts_copy_without_properties(const struct facts *facts);

/*
 * Sets a field to the text form of `spelling`, cleaned to UTF-8 without control characters; a
 * spelling that is not of the field's type leaves it absent: unreadable is not an error.
 */
void facts_set(struct facts *facts, struct text_pool *pool, enum field field, const char *spelling);

/* `spelling` cleaned to UTF-8 without control characters, interned; the caller owns a reference. */
struct text *facts_clean_text(struct text_pool *pool, const char *spelling);

/* Sets the property `key`, whose value is cleaned likewise; keys must come in ascending order. */
void facts_add_property(
	struct facts *facts, struct text_pool *pool, const char *key, const char *value);

/* The value of a property, or NULL. */
struct text *facts_property(const struct facts *facts, const struct text *key);

bool facts_equal(const struct facts *left, const struct facts *right);
