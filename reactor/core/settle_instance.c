/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs of an instance from what subscribers were told, as events. They follow all events of
 * devices, so that whoever hears of an instance knows its device already.
 */
#include "core/claims_internal.h"
#include "core/describe_instance.h"

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
	const struct core *core, struct instance *instance, bool has_device)
{
	struct text *now = instance->device_id;
	struct text *json;

	if (!has_device)
		return text_ref(instance->json);
	instance->device_id = instance->told_device;
	json = describe_instance(core, instance, NULL);
	instance->device_id = now;
	return json;
}

/* Tells of a device that went, came, or was replaced by itself within the turn; whether it did. */
static bool add_presence(const struct core *core, struct delta *delta, struct instance *instance)
{
	const struct device *device = instance->identity->device;
	uint64_t life = device ? device->now.facts->life : 0;

	if (life == instance->told_life)
		return false;
	if (instance->told_life) {
		struct text *missing = describe_missing(core, instance, life != 0);

		add_event(delta, EVENT_INSTANCE_MISSING, instance, missing);
		text_unref(missing);
	}
	if (life)
		add_event(delta, EVENT_INSTANCE_RETURNED, instance, instance->json);
	instance->told_life = life;
	return true;
}

static bool same_hold(const struct hold *left, const struct hold *right)
{
	return left->life == right->life && process_equal(&left->process, &right->process);
}

/* `differs`: something does that no other event tells, as how to attach it by new rules. */
static void add_terms(struct delta *delta, struct instance *instance, bool differs)
{
	const struct instance_terms *now = &instance->terms;
	const struct instance_terms *told = &instance->told;

	if (told->vm != now->vm)
		add_event(delta, now->vm ? EVENT_INSTANCE_ASSIGNED : EVENT_INSTANCE_UNASSIGNED,
			instance, instance->json);
	else if (differs || !same_hold(&told->grant, &now->grant) ||
		 !same_hold(&told->use, &now->use))
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
static bool take_description(const struct core *core, struct instance *instance)
{
	struct text *json = describe_instance(core, instance, instance->identity->device);

	if (instance->json && strcmp(instance->json->bytes, json->bytes) == 0) {
		text_unref(json);
		return false;
	}
	text_replace(&instance->json, json);
	return true;
}

static void settle_instance(const struct core *core, struct instance *instance, struct delta *delta)
{
	bool known = instance->json;
	bool differs;

	if (instance->pending)
		return;
	if (instance->released) {
		if (known)
			add_event(delta, EVENT_INSTANCE_RELEASED, instance, instance->json);
		return;
	}
	differs = take_description(core, instance);
	if (known)
		add_terms(delta, instance, !add_presence(core, delta, instance) && differs);
	else
		add_created(delta, instance);
	text_replace(&instance->told_device, text_ref(instance->device_id));
	instance_terms_copy(&instance->told, &instance->terms);
}

static void describe_answers(struct core *core)
{
	list_for_each(at, &core->claims.answered) {
		struct request *request = container_of(at, struct request, link);

		for (size_t i = 0; i < request->holders.count; i++) {
			const struct instance *instance = request->holders.items[i];

			vector_add(&request->instances, text_ref(instance->json));
		}
		request->holders.count = 0;
	}
}

static int compare_numbers(const void *left, const void *right)
{
	const struct instance *const *one = left;
	const struct instance *const *other = right;

	return (*one)->number > (*other)->number ? 1 : (*one)->number < (*other)->number ? -1 : 0;
}

void settle_instances(struct core *core, struct delta *delta)
{
	struct vector *touched = &core->claims.touched;

	if (touched->count > 1)
		qsort(touched->items, touched->count, sizeof(void *), compare_numbers);
	for (size_t i = 0; i < touched->count; i++) {
		struct instance *instance = touched->items[i];

		instance->touched = false;
		settle_instance(core, instance, delta);
	}
	describe_answers(core);
	for (size_t i = 0; i < touched->count; i++) {
		struct instance *instance = touched->items[i];

		if (instance->released)
			claims_drop(core, instance);
	}
	touched->count = 0;
}
