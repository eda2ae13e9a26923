/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/facts.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <assert.h>
#include <string.h>

struct facts *facts_new(struct text *id, unsigned kinds)
{
	struct field_range room = field_range(kinds);
	struct facts *facts = memory_allocate(sizeof(*facts) + room.count * sizeof(*facts->values));

	facts->references = 1;
	facts->kinds = (uint8_t)kinds;
	facts->first = (uint8_t)room.first;
	facts->count = (uint8_t)room.count;
	facts->id = id;
	return facts;
}

struct facts *facts_ref(struct facts *facts)
{
	if (facts)
		facts->references++;
	return facts;
}

struct facts *facts_unref(struct facts *facts)
{
	if (!facts || --facts->references > 0)
		return NULL;
	for (unsigned i = 0; i < facts->count; i++)
		text_unref(facts->values[i]);
	property_list_done(&facts->properties);
	text_unref(facts->id);
	text_unref(facts->name);
	text_unref(facts->parent);
	text_unref(facts->bound);
	free(facts);
	return NULL;
}

void facts_list_done(struct vector *list)
{
	for (size_t i = 0; i < list->count; i++)
		facts_unref(list->items[i]);
	vector_done(list);
}

struct facts *facts_copy_without_properties(const struct facts *facts)
{
	struct facts *copy = facts_new(text_ref(facts->id), facts->kinds);

	copy->life = facts->life;
	copy->offers_vgpus = facts->offers_vgpus;
	copy->name = text_ref(facts->name);
	copy->parent = text_ref(facts->parent);
	copy->bound = text_ref(facts->bound);
	for (unsigned i = 0; i < facts->count; i++)
		copy->values[i] = text_ref(facts->values[i]);
	return copy;
}

struct text *facts_clean_text(struct text_pool *pool, const char *spelling)
{
	struct buffer clean = {0};
	struct text *text;

	utf8_clean(&clean, spelling, strlen(spelling));
	text = text_intern(pool, clean.bytes ? clean.bytes : "", clean.length);
	buffer_done(&clean);
	return text;
}

void facts_put(struct facts *facts, enum field field, struct text *form)
{
	unsigned at = (unsigned)field - facts->first;

	assert(at < facts->count);
	text_replace(&facts->values[at], form);
}

void facts_set(struct facts *facts, struct text_pool *pool, enum field field, const char *spelling)
{
	const struct field_description *description = field_describe(field);
	struct buffer form = {0};

	spelling = field_skip_prefix(field, spelling);
	if (value_normalise(description->type, description->digits, spelling, &form) == 0)
		facts_put(facts, field, facts_clean_text(pool, buffer_string(&form)));
	else
		facts_put(facts, field, NULL);
	buffer_done(&form);
}

void facts_add_property(
	struct facts *facts, struct text_pool *pool, const char *key, const char *value)
{
	property_list_add(
		&facts->properties, text_intern_string(pool, key), facts_clean_text(pool, value));
}

struct text *facts_property(const struct facts *facts, const struct text *key)
{
	return property_list_find(&facts->properties, key);
}

bool facts_equal(const struct facts *left, const struct facts *right)
{
	return left->kinds == right->kinds && left->first == right->first &&
	       left->count == right->count && left->offers_vgpus == right->offers_vgpus &&
	       left->life == right->life && left->id == right->id && left->name == right->name &&
	       left->parent == right->parent && left->bound == right->bound &&
	       property_list_equal(&left->properties, &right->properties) &&
	       memcmp(left->values, right->values, left->count * sizeof(*left->values)) == 0;
}
