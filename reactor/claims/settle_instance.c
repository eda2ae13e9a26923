/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claims/settle_instance.h"

#include "claims/describe_instance.h"
#include "claims/hold.h"
#include "claims/kept_group.h"
#include "claims/roster.h"

#include <stdlib.h>
#include <string.h>

static void add_event(struct delta *delta, enum change_type type, const struct instance *instance,
	struct text *json)
{
	struct change *change = delta_add(delta, type);

	change->kinds = instance->kinds;
	change->group_before = text_ref(instance->group);
	change->group_after = text_ref(instance->group);
	change->instance = text_ref(json);
}

/* As it was between its devices; if it has none now, that is as it is. */
static struct text *describe_missing(
	const struct claims *claims, struct instance *instance, bool has_device)
{
	struct text *now = instance->device_id;
	struct text *json;

	if (!has_device)
		return text_ref(instance->json);
	instance->device_id = instance->told_device;
	json = describe_instance(claims, instance, NULL);
	instance->device_id = now;
	return json;
}

/* Tells of a device that went, came, or was replaced by itself within the turn; whether it did. */
static bool add_presence(
	const struct claims *claims, struct delta *delta, struct instance *instance)
{
	const struct device *device = instance->identity->device;
	uint64_t life = device ? device->now.facts->life : 0;

	if (life == instance->told_life)
		return false;
	if (instance->told_life) {
		struct text *missing = describe_missing(claims, instance, life != 0);

		add_event(delta, EVENT_INSTANCE_MISSING, instance, missing);
		text_unref(missing);
	}
	if (life)
		add_event(delta, EVENT_INSTANCE_RETURNED, instance, instance->json);
	instance->told_life = life;
	return true;
}

/* `differs`: something does that no other event tells, as how to attach it by new rules. */
static void add_terms(struct delta *delta, struct instance *instance, bool differs)
{
	const struct instance_terms *now = &instance->terms;
	const struct instance_terms *told = &instance->told;

	if (told->vm != now->vm)
		add_event(delta, now->vm ? EVENT_INSTANCE_ASSIGNED : EVENT_INSTANCE_UNASSIGNED,
			instance, instance->json);
	else if (differs || !hold_is_shown_as(&told->grant, &now->grant) ||
		 !hold_is_shown_as(&told->use, &now->use))
		add_event(delta, EVENT_INSTANCE_BOUND, instance, instance->json);
}

/* One that nobody knows of yet; if its device went meanwhile, that is told behind it. */
static void add_created(struct delta *delta, struct instance *instance)
{
	const struct device *device = instance->identity->device;

	instance->told_life = device ? device->now.facts->life : 0;
	add_event(delta, EVENT_INSTANCE_CREATED, instance, instance->json);
	if (!device)
		add_event(delta, EVENT_INSTANCE_MISSING, instance, instance->json);
}

/* Makes its JSON; whether it is another than before. */
static bool take_description(const struct claims *claims, struct instance *instance)
{
	struct text *json = describe_instance(claims, instance, instance->identity->device);

	if (instance->json && strcmp(instance->json->bytes, json->bytes) == 0) {
		text_unref(json);
		return false;
	}
	text_replace(&instance->json, json);
	return true;
}

static void settle_instance(
	const struct claims *claims, struct instance *instance, struct delta *delta)
{
	bool known = instance->json;
	bool differs;

	if (instance->phase == INSTANCE_DECIDED)
		return;
	if (instance->phase == INSTANCE_RELEASED) {
		if (known)
			add_event(delta, EVENT_INSTANCE_RELEASED, instance, instance->json);
		return;
	}
	differs = take_description(claims, instance);
	if (known)
		add_terms(delta, instance, !add_presence(claims, delta, instance) && differs);
	else
		add_created(delta, instance);
	text_replace(&instance->told_device, text_ref(instance->device_id));
	instance_terms_copy(&instance->told, &instance->terms);
}

static void describe_answers(struct claims *claims)
{
	list_for_each(at, &claims->answered) {
		struct request *request = container_of(at, struct request, link);

		for (size_t i = 0; i < request->holders.count; i++) {
			const struct instance *instance = request->holders.items[i];

			vector_add(&request->instances, text_ref(instance->json));
		}
		request->holders.count = 0;
	}
}

static void drop(struct claims *claims, struct instance *instance)
{
	struct text *group = text_ref(instance->group);

	roster_drop(claims, instance);
	kept_group_drop(claims, group);
	text_unref(group);
}

static int compare_numbers(const void *left, const void *right)
{
	const struct instance *const *one = left;
	const struct instance *const *other = right;

	return (*one)->number > (*other)->number ? 1 : (*one)->number < (*other)->number ? -1 : 0;
}

void settle_instances(struct claims *claims, struct delta *delta)
{
	struct vector *touched = &claims->touched;

	if (touched->count > 1)
		qsort(touched->items, touched->count, sizeof(void *), compare_numbers);
	for (size_t i = 0; i < touched->count; i++) {
		struct instance *instance = touched->items[i];

		instance->touched = false;
		settle_instance(claims, instance, delta);
	}
	describe_answers(claims);
	for (size_t i = 0; i < touched->count; i++) {
		struct instance *instance = touched->items[i];

		if (instance->phase == INSTANCE_RELEASED)
			drop(claims, instance);
	}
	touched->count = 0;
}
