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
#include "core/holding.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/writer.h"
#include "core/claims_internal.h"
#include "core/identity.h"
#include "model/place.h"

#include <string.h>

struct identity *holding_identity(struct core *core, const char *key)
{
	struct claims *claims = &core->claims;
	struct identity *identity = map_find(&claims->identities, key, strlen(key));

	if (identity)
		return identity;
	identity = memory_allocate(sizeof(*identity));
	identity->key = text_intern_string(core->pool, key);
	list_init(&identity->link);
	map_add(&claims->identities, identity->key->bytes, identity->key->length, identity);
	return identity;
}

const struct owner *holding_find_owner(const struct core *core, const struct text *name)
{
	return map_find(&core->claims.owners, name->bytes, name->length);
}

/* Takes over the reference to `name`. */
static struct owner *make_owner(struct core *core, struct text *name)
{
	struct owner *owner = memory_allocate(sizeof(*owner));

	owner->name = name;
	list_init(&owner->identities);
	map_add(&core->claims.owners, name->bytes, name->length, owner);
	return owner;
}

static void take_from_owner(struct core *core, struct identity *identity)
{
	struct owner *owner = identity->owner;

	identity->owner = NULL;
	list_remove(&identity->link);
	if (!owner || !list_is_empty(&owner->identities))
		return;
	map_take(&core->claims.owners, owner->name->bytes, owner->name->length);
	text_unref(owner->name);
	free(owner);
}

void holding_set_owner(struct core *core, struct identity *identity, struct text *name)
{
	struct owner *owner = map_find(&core->claims.owners, name->bytes, name->length);

	if (owner && owner == identity->owner) {
		text_unref(name);
		return;
	}
	take_from_owner(core, identity);
	if (owner)
		text_unref(name);
	else
		owner = make_owner(core, name);
	identity->owner = owner;
	list_append(&owner->identities, &identity->link);
}

struct identity *holding_free_identity(struct core *core, struct identity *identity)
{
	take_from_owner(core, identity);
	text_unref(identity->key);
	free(identity);
	return NULL;
}

static void set_twin(struct core *core, struct device *device, bool twin)
{
	if (device->twin == twin)
		return;
	device->twin = twin;
	core->claims.twins += twin ? 1 : (size_t)-1;
}

struct instance *holding_of(const struct device *device)
{
	return device->identity ? device->identity->instance : NULL;
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
static void take_back(struct core *core, struct device *device)
{
	struct instance *instance = holding_of(device);

	set_twin(core, device, false);
	if (instance->device_id != device->id)
		claims_note_moved(core, instance);
	text_replace(&instance->device_id, text_ref(device->id));
	instance->kinds = device->now.facts->kinds;
	claims_await_device(core, instance, CLOCK_NEVER);
	claims_touch(core, instance);
	if (instance->tenant) /* its VMs may wait for it */
		queue_note(core, instance->group, instance->tenant);
}

/* Whether the device is what the instance of this identity misses. */
static bool is_missed(
	const struct core *core, const struct identity *identity, const struct device *device)
{
	return !identity->device &&
	       (!core->claims.starting || identity->instance->device_id == device->id);
}

/* What the device, which nobody holds, is by `form`: its instance, its past, or a twin's. */
static void match(struct core *core, struct device *device, struct buffer *form)
{
	struct identity *identity =
		map_find(&core->claims.identities, buffer_string(form), form->length);

	if (!identity || holding_of(device))
		return;
	if (identity->instance && is_missed(core, identity, device))
		holding_bind(device, identity);
	else if (identity->instance)
		set_twin(core, device, true);
	else if (!identity->device)
		holding_bind(device, identity);
}

/*
 * A serial that cannot be read does not differ: at the place where it was last, the device is the
 * one that an instance by serial misses.
 */
static void match_without_serial(struct core *core, struct device *device)
{
	const struct facts *facts = device->now.facts;
	struct buffer form = {0};

	if (!(facts->kinds & KIND_MASK(KIND_USB)) || facts_value(facts, FIELD_SERIAL) ||
		!facts_value(facts, FIELD_VENDOR_ID) || !facts_value(facts, FIELD_MODEL_ID))
		return;
	buffer_format(&form, "usb/%s:%s/serial/", facts_value(facts, FIELD_VENDOR_ID)->bytes,
		facts_value(facts, FIELD_MODEL_ID)->bytes);
	for (size_t i = 0; i < core->claims.instances.count && !holding_of(device); i++) {
		const struct instance *instance = core->claims.instances.items[i];
		struct identity *identity = instance->identity;

		if (!instance->released && !identity->device && instance->device_id == device->id &&
			strncmp(identity->key->bytes, form.bytes, form.length) == 0)
			holding_bind(device, identity);
	}
	buffer_done(&form);
}

static void look_up(struct core *core, struct device *device)
{
	struct buffer forms[IDENTITY_FORMS] = {0};

	set_twin(core, device, false);
	match_without_serial(core, device);
	for (size_t i = identity_forms(&core->inventory, device->now.facts, forms); i-- > 0;)
		match(core, device, &forms[i]);
	for (size_t i = 0; i < IDENTITY_FORMS; i++)
		buffer_done(&forms[i]);
	if (holding_of(device))
		take_back(core, device);
}

bool holding_can_fix(struct core *core, const struct device *device)
{
	struct buffer form = {0};
	bool can = identity_fix(&core->inventory, device->now.facts, &form);
	const struct identity *identity =
		can ? map_find(&core->claims.identities, buffer_string(&form), form.length) : NULL;

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

static void attach_dependents(struct core *core, const struct facts *named, bool deep)
{
	const struct vector *devices = &core->inventory.devices;

	for (size_t i = 0; i < devices->count; i++) {
		struct device *device = devices->items[i];

		if (!device->now.facts || holding_of(device) ||
			!is_named_after(device->now.facts, named))
			continue;
		look_up(core, device);
		core_decide(core, device);
		queue_note_device(core, device);
		if (deep && device->now.facts->offers_vgpus)
			attach_dependents(core, device->now.facts, false);
	}
}

void holding_attach(struct core *core, struct device *device)
{
	if (holding_of(device) && identity_differs(device->now.facts, device->identity->key->bytes))
		holding_detach(core, device);
	if (!holding_of(device))
		look_up(core, device);
	else
		claims_touch(core, holding_of(device));
	if (names_others(device->now.facts))
		attach_dependents(core, device->now.facts, true);
}

void holding_detach(struct core *core, struct device *device)
{
	struct identity *identity = device->identity;

	set_twin(core, device, false);
	if (!identity)
		return;
	device->identity = NULL;
	identity->device = NULL;
	core->claims.twins_due = true;
	if (!identity->instance)
		return;
	vector_add(&core->claims.lost, identity->instance);
	claims_touch(core, identity->instance);
}

void holding_mark_twins(struct core *core, const struct instance *instance)
{
	const struct vector *devices = &core->inventory.devices;

	if (!(instance->kinds & KIND_MASK(KIND_USB)))
		return;
	for (size_t i = inventory_locate(&core->inventory, kind_describe(KIND_USB)->prefix);
		i < devices->count; i++) {
		struct device *device = devices->items[i];

		if (!kind_skip_prefix(KIND_USB, device->id->bytes))
			break;
		if (!device->now.facts || holding_of(device) || device->twin)
			continue;
		look_up(core, device);
		if (device->twin || holding_of(device))
			core_decide(core, device);
	}
}

void holding_let_go(struct core *core, struct instance *instance)
{
	struct device *device = instance->identity->device;

	instance->identity->instance = NULL;
	core->claims.twins_due = true;
	if (!device)
		return;
	look_up(core, device);
	core_decide(core, device);
}

void holding_retry_twins(struct core *core)
{
	const struct vector *devices = &core->inventory.devices;

	if (!core->claims.twins_due)
		return;
	core->claims.twins_due = false;
	for (size_t i = 0; i < devices->count && core->claims.twins > 0; i++) {
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

/* What is reserved is shown as before, and what arrived meanwhile as if it were free. */
static struct membership as_before(const struct device_view *view, struct membership found)
{
	if (!view->group || view->group == found.group)
		return found;
	return (struct membership){.group = view->group, .state = view->state};
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
	if (instance->pending)
		return as_before(view, found);
	text_replace(&view->instance, instance_id(core, instance));
	if (found.group != instance->group)
		found = (struct membership){.group = instance->group};
	found.state = STATE_CLAIMED;
	return found;
}
