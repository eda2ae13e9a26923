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

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

static_assert(KIND_COUNT <= 8 && FIELD_COUNT <= UINT8_MAX, "struct facts has a byte for them");

struct facts {
	uint32_t references;
	uint8_t kinds;	   /* KIND_MASK of each */
	bool offers_vgpus; /* a function with a list of vGPU types, were it empty now */
	/* room, by facts_new: thousands of these are kept, and no device has half of all fields */
	uint8_t first;
	uint8_t count;
	uint64_t life;	     /* inode number of the device's folder: another one, another device */
	struct text *id;     /* pci:0000:01:00.0, usb:1-2.1, vgpu:0000:41:00.4/558 */
	struct text *name;   /* for people */
	struct text *parent; /* id of the device that it hangs on, or NULL */
	struct text *bound;  /* driver it is on now, or NULL */
	struct property_list properties;
	struct text *values[]; /* text forms of `count` fields from `first` on: facts_value */
};

/*
 * Facts with one reference and nothing in them but the id, whose reference they take over. They
 * have room for the fields of `kinds` and of what such a device may turn out to be as well.
 */
struct facts *facts_new(struct text *id, unsigned kinds);
struct facts *facts_ref(struct facts *facts);
struct facts *facts_unref(struct facts *facts);

/* Gives up what a vector of struct facts holds; it is empty afterwards. */
void facts_list_done(struct vector *list);

/* Facts with one reference that equal `facts` but have no properties. */
struct facts *facts_copy_without_properties(const struct facts *facts);

/* The value of a field, borrowed; NULL: absent. */
static inline struct text *facts_value(const struct facts *facts, enum field field)
{
	unsigned at = (unsigned)field - facts->first; /* too large for a field before the first */

	return at < facts->count ? facts->values[at] : NULL;
}

/* Sets a field, for which there must be room, to an interned text form, taken over, or NULL. */
void facts_put(struct facts *facts, enum field field, struct text *form);

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
