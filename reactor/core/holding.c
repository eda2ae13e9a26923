/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device is looked up when it arrives, not when it is asked for: one hash of its identity for
 * each arrival, none while nothing was ever claimed. Once found, a device keeps its instance until
 * it goes, whatever can be read of it meanwhile: a serial that cannot be read now does not differ.
 */
#include "core/holding.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/writer.h"
#include "core/claims_internal.h"
#include "core/identity.h"

#include <string.h>

struct identity *holding_identity(struct core *core, const char *key)
{
	struct claims *claims = &core->claims;
	struct identity *identity = map_find(&claims->identities, key, strlen(key));

	if (identity)
		return identity;
	identity = memory_allocate(sizeof(*identity));
	identity->key = text_intern_string(core->pool, key);
	map_add(&claims->identities, identity->key->bytes, identity->key->length, identity);
	return identity;
}

struct instance *holding_of(const struct device *device)
{
	return device->identity ? device->identity->instance : NULL;
}

void holding_bind(struct device *device, struct identity *identity)
{
	if (device->identity)
		device->identity->device = NULL;
	device->identity = identity;
	identity->device = device;
}

/* The instance has a device again, perhaps under another id. */
static void take_back(struct core *core, struct device *device)
{
	struct instance *instance = holding_of(device);

	device->twin = false;
	if (!instance)
		return;
	text_replace(&instance->device_id, text_ref(device->id));
	instance->kinds = device->now.facts->kinds;
	claims_touch(core, instance);
}

static void look_up(struct core *core, struct device *device)
{
	struct buffer forms[IDENTITY_FORMS] = {0};
	size_t count = identity_forms(&core->inventory, device->now.facts, forms);

	device->twin = false;
	for (size_t i = 0; i < count && !device->identity; i++) {
		struct identity *identity = map_find(
			&core->claims.identities, buffer_string(&forms[i]), forms[i].length);

		if (identity && !identity->device)
			holding_bind(device, identity);
		else if (identity && identity->instance)
			device->twin = true;
	}
	for (size_t i = 0; i < IDENTITY_FORMS; i++)
		buffer_done(&forms[i]);
	if (device->identity)
		take_back(core, device);
}

/* VFs and vGPUs are named after the function that they hang on. */
static void attach_dependents(struct core *core, const struct device *function)
{
	const struct vector *devices = &core->inventory.devices;

	if (!text_is(function->now.facts->values[FIELD_FUNCTION], "physical"))
		return;
	for (size_t i = 0; i < devices->count; i++) {
		struct device *device = devices->items[i];

		if (device->now.facts && device->now.facts->parent == function->id &&
			!device->identity) {
			look_up(core, device);
			if (device->identity)
				core_decide(core, device);
		}
	}
}

void holding_attach(struct core *core, struct device *device)
{
	if (core->claims.identities.count == 0)
		return;
	if (!device->identity)
		look_up(core, device);
	if (!device->told.facts)
		attach_dependents(core, device);
}

void holding_detach(struct core *core, struct device *device)
{
	struct identity *identity = device->identity;

	device->twin = false;
	if (!identity)
		return;
	device->identity = NULL;
	identity->device = NULL;
	core->claims.twins_due = true;
	if (!identity->instance)
		return;
	identity->instance->missing_since = CLOCK_NEVER;
	vector_add(&core->claims.lost, identity->instance);
	claims_touch(core, identity->instance);
}

void holding_retry_twins(struct core *core)
{
	const struct vector *devices = &core->inventory.devices;

	if (!core->claims.twins_due)
		return;
	core->claims.twins_due = false;
	for (size_t i = 0; i < devices->count; i++) {
		struct device *device = devices->items[i];

		if (!device->now.facts || !device->twin)
			continue;
		look_up(core, device);
		core_decide(core, device);
	}
}

/* ["identity-conflict:ID"] with the device that has the identity. */
static struct text *twin_reason(struct core *core, const struct device *device)
{
	struct buffer forms[IDENTITY_FORMS] = {0};
	size_t count = identity_forms(&core->inventory, device->now.facts, forms);
	struct buffer reason = {0};
	struct writer json = {0};
	struct text *text;
	struct text *interned;

	buffer_add_string(&reason, "identity-conflict:");
	for (size_t i = 0; i < count; i++) {
		const struct identity *identity = map_find(
			&core->claims.identities, buffer_string(&forms[i]), forms[i].length);

		if (identity && identity->instance && identity->device != device) {
			buffer_add_string(&reason, identity->instance->device_id->bytes);
			break;
		}
	}
	writer_open(&json, '[');
	writer_string(&json, buffer_string(&reason));
	writer_close(&json, ']');
	text = writer_take(&json);
	interned = text_intern(core->pool, text->bytes, text->length);
	text_unref(text);
	buffer_done(&reason);
	for (size_t i = 0; i < IDENTITY_FORMS; i++)
		buffer_done(&forms[i]);
	return interned;
}

static struct text *instance_id(struct core *core, const struct instance *instance)
{
	char id[INSTANCE_ID_SIZE];

	instance_format_id(instance->number, id);
	return text_intern_string(core->pool, id);
}

struct membership holding_overrule(
	struct core *core, struct device *device, struct membership found)
{
	const struct instance *instance = holding_of(device);
	struct device_view *view = &device->now;

	text_replace(&view->instance, NULL);
	text_replace(&view->reasons, device->twin ? twin_reason(core, device) : NULL);
	if (device->twin && found.state == STATE_AVAILABLE)
		found.state = STATE_BLOCKED;
	if (!instance)
		return found;
	if (instance->pending && !view->group) /* it arrived meanwhile: as if it were free */
		return found;
	if (!instance->pending)
		text_replace(&view->instance, instance_id(core, instance));
	if (found.group != instance->group)
		found = (struct membership){.group = instance->group};
	found.state = instance->pending ? view->state : STATE_CLAIMED;
	return found;
}
