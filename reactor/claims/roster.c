/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claims/roster.h"

/* Where the instance of this number stands, or would. */
static size_t locate(const struct claims *claims, int64_t number)
{
	size_t low = 0;
	size_t high = claims->instances.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct instance *instance = claims->instances.items[middle];

		if (instance->number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct instance *roster_find(const struct claims *claims, int64_t number)
{
	size_t at = locate(claims, number);
	struct instance *instance =
		at < claims->instances.count ? claims->instances.items[at] : NULL;

	return instance && instance->number == number ? instance : NULL;
}

void roster_add(struct claims *claims, struct instance *instance)
{
	vector_insert(&claims->instances, locate(claims, instance->number), instance);
}

void roster_drop(struct claims *claims, struct instance *instance)
{
	vector_remove(&claims->instances, locate(claims, instance->number));
	instance_free(instance);
}

void roster_touch(struct claims *claims, struct instance *instance)
{
	if (instance->touched)
		return;
	instance->touched = true;
	vector_add(&claims->touched, instance);
}

void roster_touch_all(struct claims *claims)
{
	for (size_t i = 0; i < claims->instances.count; i++)
		roster_touch(claims, claims->instances.items[i]);
}

void roster_note_moved(struct claims *claims, struct instance *instance)
{
	if (list_is_empty(&instance->moved))
		list_append(&claims->moved, &instance->moved);
}

size_t roster_count(const struct claims *claims)
{
	size_t count = 0;

	for (size_t i = 0; i < claims->instances.count; i++)
		count += instance_stands(claims->instances.items[i]);
	return count;
}
