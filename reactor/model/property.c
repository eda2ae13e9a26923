/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/property.h"

#include "base/memory.h"

void property_list_add(struct property_list *list, struct text *key, struct text *value)
{
	list->items = memory_resize(list->items, list->count + 1, sizeof(*list->items));
	list->items[list->count++] = (struct property){key, value};
}

void property_list_copy(struct property_list *list, const struct property_list *from)
{
	property_list_done(list);
	for (size_t i = 0; i < from->count; i++)
		property_list_add(
			list, text_ref(from->items[i].key), text_ref(from->items[i].value));
}

struct text *property_list_find(const struct property_list *list, const struct text *key)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].key == key)
			return list->items[i].value;
	return NULL;
}

bool property_list_equal(const struct property_list *left, const struct property_list *right)
{
	if (left->count != right->count)
		return false;
	for (size_t i = 0; i < left->count; i++)
		if (left->items[i].key != right->items[i].key ||
			left->items[i].value != right->items[i].value)
			return false;
	return true;
}

void property_list_done(struct property_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		text_unref(list->items[i].key);
		text_unref(list->items[i].value);
	}
	free(list->items);
	*list = (struct property_list){0};
}
