/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bus numbers, devnums and drivers are in no identity: they change when nothing else does. Strings
 * that a device says of itself stand last or behind one that cannot hold a slash, so no device can
 * spell another one's identity.
 */
#include "claims/identity.h"

#include "base/memory.h"
#include "model/candidate.h"

#include <string.h>

static const struct facts *present(const struct inventory *inventory, const struct text *id)
{
	const struct device *device = id ? inventory_find(inventory, id->bytes) : NULL;

	return device ? device->now.facts : NULL;
}

/* Below: how many forms were added, from the first of those that are given on. */
static size_t add_function(
	const struct inventory *inventory, const struct facts *facts, struct buffer *form)
{
	const struct text *slot = facts_value(facts, FIELD_SLOT);
	const struct text *ids = facts_value(facts, FIELD_VENDOR_DEVICE);
	const struct text *index = facts_value(facts, FIELD_VF_INDEX);

	if (text_is(facts_value(facts, FIELD_FUNCTION), "virtual")) {
		facts = present(inventory, facts->parent);
		if (!index || !facts || text_is(facts_value(facts, FIELD_FUNCTION), "virtual") ||
			!add_function(inventory, facts, form))
			return 0;
		buffer_format(form, "/vf%s", index->bytes);
		return 1;
	}
	if (!slot || !ids)
		return 0;
	buffer_format(form, "pci/%s/%s", slot->bytes, ids->bytes);
	return 1;
}

static size_t add_candidate(
	const struct inventory *inventory, const struct facts *facts, struct buffer *form)
{
	char carrier[PLACE_ID_SIZE];
	const struct device *function;

	if (!candidate_carrier(facts->id->bytes, carrier))
		return 0;
	function = inventory_find(inventory, carrier);
	if (!function || !function->now.facts ||
		!add_function(inventory, function->now.facts, form))
		return 0;
	buffer_format(form, "/type%s", strrchr(facts->id->bytes, '/') + 1);
	return 1;
}

static void add_serial(const struct facts *facts, struct buffer *form)
{
	buffer_format(form, "usb/%s:%s/serial/%s", facts_value(facts, FIELD_VENDOR_ID)->bytes,
		facts_value(facts, FIELD_MODEL_ID)->bytes, facts_value(facts, FIELD_SERIAL)->bytes);
}

/* The root hub of the bus that the device is on; NULL while it is not present. */
static const struct facts *root_hub(const struct inventory *inventory, const struct facts *facts)
{
	char *id = memory_format(
		"%susb%s", kind_describe(KIND_USB)->prefix, facts_value(facts, FIELD_BUS)->bytes);
	const struct device *root = inventory_find(inventory, id);

	free(id);
	return root ? root->now.facts : NULL;
}

/*
 * The slot of the controller: what the root hub of the device's bus hangs on. A controller that is
 * no PCI function (usbip's) has but its bus number. Without the hub it cannot be told which.
 */
static bool add_port(
	const struct inventory *inventory, const struct facts *facts, struct buffer *form)
{
	const char *chain = strchr(facts_value(facts, FIELD_PATH)->bytes, '-');
	const struct facts *root = root_hub(inventory, facts);
	const char *slot;

	if (!root)
		return false;
	slot = root->parent ? kind_skip_prefix(KIND_PCI, root->parent->bytes) : NULL;
	buffer_format(form, "usb/%s:%s/port/", facts_value(facts, FIELD_VENDOR_ID)->bytes,
		facts_value(facts, FIELD_MODEL_ID)->bytes);
	if (slot)
		buffer_add_string(form, slot);
	else
		buffer_format(form, "bus%s", facts_value(facts, FIELD_BUS)->bytes);
	buffer_format(form, "/%s", chain ? chain + 1 : "root");
	return true;
}

static size_t add_usb(
	const struct inventory *inventory, const struct facts *facts, struct buffer *forms)
{
	size_t count = 0;

	if (!facts_value(facts, FIELD_VENDOR_ID) || !facts_value(facts, FIELD_MODEL_ID))
		return 0;
	if (facts_value(facts, FIELD_SERIAL))
		add_serial(facts, &forms[count++]);
	if (facts_value(facts, FIELD_PATH) && facts_value(facts, FIELD_BUS) &&
		add_port(inventory, facts, &forms[count]))
		count++;
	return count;
}

size_t identity_forms(const struct inventory *inventory, const struct facts *facts,
	struct buffer ret_forms[static IDENTITY_FORMS])
{
	static size_t (*const add_forms[KIND_COUNT])(
		const struct inventory *, const struct facts *, struct buffer *) = {
		[KIND_PCI] = add_function,
		[KIND_USB] = add_usb,
		[KIND_VGPU] = add_candidate,
	};
	enum kind kind = kind_first(facts->kinds);

	return add_forms[kind] ? add_forms[kind](inventory, facts, ret_forms) : 0;
}

/* Whether another present USB device has the same vendor, model and serial. */
static bool has_twin(const struct inventory *inventory, const struct facts *facts)
{
	for (size_t i = inventory_locate(inventory, kind_describe(KIND_USB)->prefix);
		i < inventory->devices.count; i++) {
		const struct device *device = inventory->devices.items[i];
		const struct facts *other = device->now.facts;

		if (!kind_skip_prefix(KIND_USB, device->id->bytes))
			break;
		if (other && other->id != facts->id &&
			facts_value(other, FIELD_SERIAL) == facts_value(facts, FIELD_SERIAL) &&
			facts_value(other, FIELD_VENDOR_ID) ==
				facts_value(facts, FIELD_VENDOR_ID) &&
			facts_value(other, FIELD_MODEL_ID) == facts_value(facts, FIELD_MODEL_ID))
			return true;
	}
	return false;
}

bool identity_fix(
	const struct inventory *inventory, const struct facts *facts, struct buffer *ret_form)
{
	struct buffer forms[IDENTITY_FORMS] = {0};
	size_t count = identity_forms(inventory, facts, forms);
	size_t chosen = 0;

	if ((facts->kinds & KIND_MASK(KIND_USB)) && facts_value(facts, FIELD_SERIAL) &&
		has_twin(inventory, facts))
		chosen = 1;
	if (chosen < count)
		buffer_add_string(ret_form, buffer_string(&forms[chosen]));
	for (size_t i = 0; i < IDENTITY_FORMS; i++)
		buffer_done(&forms[i]);
	return chosen < count;
}

bool identity_differs(const struct facts *facts, const char *key)
{
	struct buffer form = {0};
	bool differs;

	if (!(facts->kinds & KIND_MASK(KIND_USB)) || !facts_value(facts, FIELD_SERIAL) ||
		!facts_value(facts, FIELD_VENDOR_ID) || !facts_value(facts, FIELD_MODEL_ID) ||
		!strstr(key, "/serial/"))
		return false;
	add_serial(facts, &form);
	differs = strcmp(buffer_string(&form), key) != 0;
	buffer_done(&form);
	return differs;
}

/* Only USB has such: the buses of one controller number their ports alike. */
bool identity_is_shared(
	const struct inventory *inventory, const struct facts *one, const struct facts *other)
{
	struct buffer form = {0};
	struct buffer than = {0};
	bool shared;

	if (!(one->kinds & other->kinds & KIND_MASK(KIND_USB)) ||
		facts_value(one, FIELD_VENDOR_ID) != facts_value(other, FIELD_VENDOR_ID) ||
		facts_value(one, FIELD_MODEL_ID) != facts_value(other, FIELD_MODEL_ID))
		return false;
	shared = identity_fix(inventory, one, &form) && identity_fix(inventory, other, &than) &&
		 strcmp(buffer_string(&form), buffer_string(&than)) == 0;
	buffer_done(&form);
	buffer_done(&than);
	return shared;
}
