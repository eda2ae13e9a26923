/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device is looked up when it arrives, not when it is asked for: one hash of its identity for
 * each arrival, none while nothing was ever claimed. Once found, a device keeps its instance until
 * it goes, whatever can be read of it meanwhile: a serial that cannot be read now does not differ.
 * But one that is another, once it can be read, says that it was taken for the wrong one.
 *
 * A USB device can match two instances that miss theirs, one by serial and one by port. That by
 * port was claimed when its serial was not its own, so the port says more.
 *
 * Of equal devices that are present at the start, an instance takes the one that has the id which
 * it had last, and another only when the first scan is complete without that one.
 */
#include "claims/holding.h"

#include "base/clock.h"
#include "base/memory.h"
#include "claims/identity.h"
#include "claims/life.h"
#include "claims/owner.h"
#include "claims/queue.h"
#include "claims/roster.h"
#include "model/place.h"

#include <string.h>

struct identity *holding_identity(struct claims *claims, const char *key)
{
	struct identity *identity = map_find(&claims->identities, key, strlen(key));

	if (identity)
		return identity;
	identity = memory_allocate(sizeof(*identity));
	identity->key = text_intern_string(claims->devices->pool, key);
	list_init(&identity->link);
	map_add(&claims->identities, identity->key->bytes, identity->key->length, identity);
	return identity;
}

struct identity *holding_free_identity(struct claims *claims, struct identity *identity)
{
	owner_leave(claims, identity);
	text_unref(identity->key);
	free(identity);
	return NULL;
}

/* `of`: whose identity it has, too; NULL: it is no twin. */
static void set_twin(struct claims *claims, struct device *device, struct text *of)
{
	claims->twins += (of ? 1u : 0u) - (device->twin_of ? 1u : 0u);
	text_replace(&device->twin_of, text_ref(of));
}

void holding_bind(struct device *device, struct identity *identity)
{
	if (device->identity)
		device->identity->device = NULL;
	if (identity->device)
		identity->device->identity = NULL;
	device->identity = identity;
	identity->device = device;
}

/* The instance has a device again, perhaps under another id. */
static void take_back(struct claims *claims, struct device *device)
{
	struct instance *instance = instance_of(device);

	set_twin(claims, device, NULL);
	if (instance->device_id != device->id)
		roster_note_moved(claims, instance);
	text_replace(&instance->device_id, text_ref(device->id));
	instance->kinds = device->now.facts->kinds;
	life_await_device(claims, instance, CLOCK_NEVER);
	roster_touch(claims, instance);
	if (instance->tenant) /* its VMs may wait for it */
		queue_note(claims, instance->group, instance->tenant);
}

/* Whether the device is what the instance of this identity misses. */
static bool is_missed(
	const struct claims *claims, const struct identity *identity, const struct device *device)
{
	return !identity->device &&
	       (!claims->starting || identity->instance->device_id == device->id);
}

/* What the device, which nobody holds, is by `form`: its instance, its past, or a twin's. */
static void match(struct claims *claims, struct device *device, struct buffer *form)
{
	struct identity *identity =
		map_find(&claims->identities, buffer_string(form), form->length);

	if (!identity || instance_of(device))
		return;
	if (identity->instance && is_missed(claims, identity, device))
		holding_bind(device, identity);
	else if (identity->instance)
		set_twin(claims, device, identity->instance->device_id);
	else if (!identity->device)
		holding_bind(device, identity);
}

/*
 * A serial that cannot be read does not differ: at the place where it was last, the device is the
 * one that an instance by serial misses.
 */
static void match_without_serial(struct claims *claims, struct device *device)
{
	const struct facts *facts = device->now.facts;
	struct buffer form = {0};

	if (!(facts->kinds & KIND_MASK(KIND_USB)) || facts_value(facts, FIELD_SERIAL) ||
		!facts_value(facts, FIELD_VENDOR_ID) || !facts_value(facts, FIELD_MODEL_ID))
		return;
	buffer_format(&form, "usb/%s:%s/serial/", facts_value(facts, FIELD_VENDOR_ID)->bytes,
		facts_value(facts, FIELD_MODEL_ID)->bytes);
	for (size_t i = 0; i < claims->instances.count && !instance_of(device); i++) {
		const struct instance *instance = claims->instances.items[i];
		struct identity *identity = instance->identity;

		if (instance->phase != INSTANCE_RELEASED && !identity->device &&
			instance->device_id == device->id &&
			strncmp(identity->key->bytes, form.bytes, form.length) == 0)
			holding_bind(device, identity);
	}
	buffer_done(&form);
}

/* Finds out what the present device is, and has it shown as that. */
static void look_up(struct claims *claims, struct device *device)
{
	struct buffer forms[IDENTITY_FORMS] = {0};

	devices_touch(claims->devices, device);
	set_twin(claims, device, NULL);
	match_without_serial(claims, device);
	for (size_t i = identity_forms(&claims->devices->inventory, device->now.facts, forms);
		i-- > 0;)
		match(claims, device, &forms[i]);
	for (size_t i = 0; i < IDENTITY_FORMS; i++)
		buffer_done(&forms[i]);
	if (instance_of(device))
		take_back(claims, device);
}

bool holding_can_fix(const struct claims *claims, const struct device *device)
{
	struct buffer form = {0};
	bool can = identity_fix(&claims->devices->inventory, device->now.facts, &form);
	const struct identity *identity =
		can ? map_find(&claims->identities, buffer_string(&form), form.length) : NULL;

	buffer_done(&form);
	return can && !(identity && identity->instance);
}

/* Whether the identities of others are made of this one's. */
static bool names_others(const struct facts *facts)
{
	return text_is(facts_value(facts, FIELD_FUNCTION), "physical") || facts->offers_vgpus ||
	       place_is_root_hub(facts->id->bytes);
}

static bool is_named_after(const struct facts *facts, const struct facts *named)
{
	if (place_is_root_hub(named->id->bytes))
		return facts != named && facts_value(facts, FIELD_BUS) &&
		       facts_value(facts, FIELD_BUS) == facts_value(named, FIELD_BUS);
	return facts->parent == named->id;
}

static void attach_dependents(struct claims *claims, const struct facts *named, bool deep)
{
	const struct vector *devices = &claims->devices->inventory.devices;

	for (size_t i = 0; i < devices->count; i++) {
		struct device *device = devices->items[i];

		if (!device->now.facts || instance_of(device) ||
			!is_named_after(device->now.facts, named))
			continue;
		look_up(claims, device);
		if (deep && device->now.facts->offers_vgpus)
			attach_dependents(claims, device->now.facts, false);
	}
}

static void detach(struct claims *claims, struct device *device)
{
	struct identity *identity = device->identity;

	set_twin(claims, device, NULL);
	if (!identity)
		return;
	device->identity = NULL;
	identity->device = NULL;
	claims->twins_due = true;
	if (!identity->instance)
		return;
	if (list_is_empty(&identity->instance->lost))
		list_append(&claims->lost, &identity->instance->lost);
	roster_touch(claims, identity->instance);
}

static void attach(struct claims *claims, struct device *device)
{
	if (instance_of(device) &&
		identity_differs(device->now.facts, device->identity->key->bytes))
		detach(claims, device);
	if (!instance_of(device))
		look_up(claims, device);
	else
		roster_touch(claims, instance_of(device));
	if (names_others(device->now.facts))
		attach_dependents(claims, device->now.facts, true);
}

void holding_mark_twins(struct claims *claims, const struct instance *instance)
{
	const struct vector *devices = &claims->devices->inventory.devices;

	if (!(instance->kinds & KIND_MASK(KIND_USB)))
		return;
	for (size_t i = inventory_locate(
		     &claims->devices->inventory, kind_describe(KIND_USB)->prefix);
		i < devices->count; i++) {
		struct device *device = devices->items[i];

		if (!kind_skip_prefix(KIND_USB, device->id->bytes))
			break;
		if (!device->now.facts || instance_of(device) || device->twin_of)
			continue;
		look_up(claims, device);
	}
}

void holding_let_go(struct claims *claims, struct instance *instance)
{
	struct device *device = instance->identity->device;

	instance->identity->instance = NULL;
	claims->twins_due = true;
	if (!device || device->changed) /* it is about to be followed */
		return;
	if (device->unlisted) {
		devices_lose(claims->devices, device->id->bytes);
		return;
	}
	look_up(claims, device);
}

static void retry_twins(struct claims *claims)
{
	const struct vector *devices = &claims->devices->inventory.devices;

	if (!claims->twins_due)
		return;
	claims->twins_due = false;
	for (size_t i = 0; i < devices->count && claims->twins > 0; i++) {
		struct device *device = devices->items[i];

		if (!device->now.facts || !device->twin_of)
			continue;
		look_up(claims, device);
	}
}

void holding_follow(struct claims *claims)
{
	struct vector *changed = &claims->devices->changed;

	for (size_t i = 0; i < changed->count; i++) {
		struct device *device = changed->items[i];

		device->changed = false;
		if (device->replaced)
			detach(claims, device);
		device->replaced = false;
		if (device->now.facts)
			attach(claims, device);
		devices_touch(claims->devices, device);
	}
	changed->count = 0;
	retry_twins(claims);
}
