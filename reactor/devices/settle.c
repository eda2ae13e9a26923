/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/settle.h"

#include "base/writer.h"
#include "devices/describe.h"

/* The value that is shown under `kind`. */
static const struct text *value_of(const struct facts *facts, enum kind kind, enum field field)
{
	return facts->kinds & KIND_MASK(kind) ? facts_value(facts, field) : NULL;
}

static void add_field_names(
	struct writer *names, enum kind kind, const struct facts *told, const struct facts *now)
{
	for (enum field field = 0; field < FIELD_COUNT; field++) {
		const struct field_description *description = field_describe(field);
		struct buffer name = {0};

		if (!(description->kinds & KIND_MASK(kind)) ||
			value_of(told, kind, field) == value_of(now, kind, field))
			continue;
		buffer_format(&name, "%s.%s", kind_name(kind), description->name);
		writer_bytes(names, name.bytes, name.length);
		buffer_done(&name);
	}
}

/* Names every property that `facts` has and `other` has not, or, if `both`, has otherwise. */
static void add_property_names(struct writer *names, enum kind kind, const struct facts *facts,
	const struct facts *other, bool both)
{
	for (size_t i = 0; i < facts->properties.count; i++) {
		const struct property *property = &facts->properties.items[i];
		const struct text *value = property_list_find(&other->properties, property->key);
		struct buffer name = {0};

		if (value == property->value || (value && !both))
			continue;
		buffer_format(&name, "%s.udev.%s", kind_name(kind), property->key->bytes);
		writer_bytes(names, name.bytes, name.length);
		buffer_done(&name);
	}
}

static void add_facts_names(struct writer *names, const struct facts *told, const struct facts *now)
{
	if (told->kinds != now->kinds)
		writer_string(names, "kinds");
	if (told->name != now->name)
		writer_string(names, "name");
	if (told->parent != now->parent)
		writer_string(names, "parent");
	if (told->bound != now->bound)
		writer_string(names, "bound");
	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		if (!((told->kinds | now->kinds) & KIND_MASK(kind)))
			continue;
		add_field_names(names, kind, told, now);
		add_property_names(names, kind, now, told, true);
		add_property_names(names, kind, told, now, false);
	}
}

/* The names of what differs as a JSON array; NULL if nothing does. */
static struct text *changed_names(const struct device_view *told, const struct device_view *now)
{
	struct writer names = {0};
	struct text *text;

	writer_open(&names, '[');
	if (told->state != now->state)
		writer_string(&names, "state");
	if (told->reasons != now->reasons)
		writer_string(&names, "reasons");
	if (told->rule != now->rule)
		writer_string(&names, "rule");
	add_facts_names(&names, told->facts, now->facts);
	writer_close(&names, ']');
	text = writer_take(&names);
	return text->length > 2 ? text : text_unref(text);
}

static struct change *add_change(
	struct delta *delta, enum change_type type, const struct device *device)
{
	struct change *change = delta_add(delta, type);

	change->kinds = (device->now.facts ? device->now.facts->kinds : 0) |
			(device->told->facts ? device->told->facts->kinds : 0);
	change->group_before = text_ref(device->told->group);
	change->group_after = text_ref(device->now.group);
	return change;
}

static void add_group_change(struct delta *delta, enum change_type type,
	const struct device *device, const struct device_view *view)
{
	struct change *change = add_change(delta, type, device);

	change->device = describe_device_short(device->id, device->now.state);
	change->group = text_ref(view->group);
	change->rule = text_ref(view->rule);
}

/* Facts are compared before they are taken, so equal ones are the same. */
static bool is_told(const struct device_view *told, const struct device_view *now)
{
	return told->facts == now->facts && told->group == now->group && told->rule == now->rule &&
	       told->state == now->state && told->reasons == now->reasons &&
	       told->instance == now->instance;
}

static void tell(struct device *device, struct delta *delta)
{
	const struct device_view *told = device->told;
	struct device_view *now = &device->now;
	bool stays = told->facts && now->facts && told->facts->life == now->facts->life;
	bool same_group = stays && told->group == now->group;
	struct text *changed = stays ? changed_names(told, now) : NULL;

	if (now->facts)
		text_replace(&now->json, describe_device(now));
	if (told->group && !same_group)
		add_group_change(delta, EVENT_GROUP_LEFT, device, told);
	if (told->facts && !stays)
		add_change(delta, EVENT_DEVICE_REMOVED, device)->device =
			describe_device_short(device->id, told->state);
	if (now->facts && !stays)
		add_change(delta, EVENT_DEVICE_ADDED, device)->device = text_ref(now->json);
	if (changed) {
		struct change *change = add_change(delta, EVENT_DEVICE_CHANGED, device);

		change->device = text_ref(now->json);
		change->changed = changed;
	}
	if (now->group && !same_group)
		add_group_change(delta, EVENT_GROUP_JOINED, device, now);
}

void settle_device(struct device *device, struct delta *delta)
{
	if (device->told && !is_told(device->told, &device->now))
		tell(device, delta);
	device_take_as_told(device);
}
