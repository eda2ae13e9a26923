/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A USB device: its attributes, and the driver links of its interfaces, which lie in its folder.
 *
 * The kernel reads the strings once, when it makes the device, but shows them only to who gets the
 * device's lock, which is held as long as a driver tries one of the interfaces: up to seconds, if
 * the device does not answer. So they are read at the first look, and `bConfigurationValue`, behind
 * the same lock, never: interfaces are named after their configuration, and there is one at a time.
 */
#include "io/probe/probe_usb.h"

#include "base/memory.h"
#include "base/number.h"

#include <stdio.h>
#include <string.h>

#define MOST_INTERFACES 256

struct interface {
	uint64_t number;
	char entry[ENTRY_SIZE];
};

struct interfaces {
	char prefix[ENTRY_SIZE]; /* of their folders' names: 1-2.1: */
	uint64_t configuration;	 /* the one that they are of */
	bool mixed;		 /* they were of two, so one was giving way to the other */
	struct interface *items; /* in order of their numbers */
	size_t count;
};

static bool set_mandatory(struct facts *facts, struct text_pool *pool, struct folder *folder)
{
	static const struct {
		const char *attribute;
		enum field field;
	} wanted[] = {
		{"busnum", FIELD_BUS},
		{"devnum", FIELD_DEVICE_NUMBER},
		{"idVendor", FIELD_VENDOR_ID},
		{"idProduct", FIELD_MODEL_ID},
	};
	char value[ATTRIBUTE_SIZE];

	for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++) {
		if (!folder_read(folder, wanted[i].attribute, value))
			return false;
		facts_set(facts, pool, wanted[i].field, value);
		if (!facts_value(facts, wanted[i].field))
			return false;
	}
	return true;
}

static void set_optional(struct facts *facts, struct text_pool *pool, struct folder *folder,
	const struct facts *known)
{
	static const struct {
		const char *attribute;
		enum field field;
		bool locked; /* and the same as long as the device lives */
	} wanted[] = {
		{"serial", FIELD_SERIAL, true},
		{"manufacturer", FIELD_MANUFACTURER, true},
		{"product", FIELD_PRODUCT, true},
		{"version", FIELD_USB_VERSION, false},
		{"speed", FIELD_SPEED, false},
	};
	char value[ATTRIBUTE_SIZE];

	for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++) {
		enum field field = wanted[i].field;

		if (wanted[i].locked && known && facts_value(known, field))
			facts_put(facts, field, text_ref(facts_value(known, field)));
		else if (folder_read(folder, wanted[i].attribute, value) && value[0] != '\0')
			facts_set(facts, pool, field, value);
	}
}

static unsigned id_of(const struct text *hex)
{
	uint64_t id = 0;

	number_parse(hex->bytes, hex->length, 16, 0xffff, &id);
	return (unsigned)id;
}

/* Manufacturer and product, each its own or usb.ids' text; the ids only where there is neither. */
static void set_name(struct facts *facts, struct text_pool *pool, struct usb_names *names)
{
	const struct text *manufacturer = facts_value(facts, FIELD_MANUFACTURER);
	const struct text *product = facts_value(facts, FIELD_PRODUCT);
	const struct text *vendor_id = facts_value(facts, FIELD_VENDOR_ID);
	const struct text *model_id = facts_value(facts, FIELD_MODEL_ID);
	struct buffer name = {0};
	size_t before;

	if (manufacturer)
		buffer_add(&name, manufacturer->bytes, manufacturer->length);
	else
		usb_names_vendor(names, id_of(vendor_id), &name);
	before = name.length;
	if (before > 0)
		buffer_add_byte(&name, ' ');
	if (product)
		buffer_add(&name, product->bytes, product->length);
	else if (!usb_names_product(names, id_of(vendor_id), id_of(model_id), &name))
		name.length = before;
	if (name.length == 0)
		buffer_format(&name, "%s:%s", vendor_id->bytes, model_id->bytes);
	text_replace(&facts->name, facts_clean_text(pool, buffer_string(&name)));
	buffer_done(&name);
}

/* Configuration and interface of an entry that is named after both, as `1.0`. */
static bool parse_numbers(const char *name, uint64_t *ret_configuration, uint64_t *ret_interface)
{
	const char *dot = strchr(name, '.');

	return dot && number_parse(name, (size_t)(dot - name), 10, 255, ret_configuration) &&
	       number_parse(dot + 1, strlen(dot + 1), 10, 255, ret_interface);
}

static void take_interface(const char *entry, void *context)
{
	struct interfaces *interfaces = context;
	size_t prefix = strlen(interfaces->prefix);
	struct interface interface;
	uint64_t configuration;
	size_t at = interfaces->count;

	if (strncmp(entry, interfaces->prefix, prefix) != 0 || at == MOST_INTERFACES ||
		!parse_numbers(entry + prefix, &configuration, &interface.number))
		return;
	interfaces->mixed |= at > 0 && configuration != interfaces->configuration;
	interfaces->configuration = configuration;
	snprintf(interface.entry, sizeof(interface.entry), "%s", entry);
	interfaces->items = memory_resize(interfaces->items, at + 1, sizeof(interface));
	for (; at > 0 && interfaces->items[at - 1].number > interface.number; at--)
		interfaces->items[at] = interfaces->items[at - 1];
	interfaces->items[at] = interface;
	interfaces->count++;
}

/* Folders of the interfaces are named after the device, those of the root hub usb1 after 1-0. */
static void find_interfaces(struct folder *folder, struct interfaces *interfaces)
{
	const char *name = strrchr(folder->path, '/') + 1;
	bool is_root_hub = strncmp(name, "usb", 3) == 0;

	snprintf(interfaces->prefix, sizeof(interfaces->prefix),
		"%.32s%s:", is_root_hub ? name + 3 : name, is_root_hub ? "-0" : "");
	folder_walk(folder, ".", take_interface, interfaces);
	folder->unsettled |= interfaces->mixed;
}

static bool has_element(const struct buffer *list, const char *element)
{
	size_t length = strlen(element);

	for (size_t at = 0; at < list->length;) {
		const char *comma = memchr(list->bytes + at, ',', list->length - at);
		size_t size = comma ? (size_t)(comma - list->bytes) - at : list->length - at;

		if (size == length && memcmp(list->bytes + at, element, length) == 0)
			return true;
		at += size + 1;
	}
	return false;
}

static void set_drivers(struct facts *facts, struct text_pool *pool, struct folder *folder)
{
	struct interfaces interfaces = {0};
	struct buffer drivers = {0};

	find_interfaces(folder, &interfaces);
	for (size_t i = 0; i < interfaces.count; i++) {
		char link[ENTRY_SIZE + sizeof("/driver")];
		char driver[ENTRY_SIZE];

		snprintf(link, sizeof(link), "%s/driver", interfaces.items[i].entry);
		if (!folder_read_link(folder, link, driver) || has_element(&drivers, driver))
			continue;
		if (drivers.length > 0)
			buffer_add_byte(&drivers, ',');
		buffer_add_string(&drivers, driver);
	}
	facts_set(facts, pool, FIELD_INTERFACE_DRIVERS, buffer_string(&drivers));
	if (drivers.length > 0)
		text_replace(&facts->bound, text_ref(facts_value(facts, FIELD_INTERFACE_DRIVERS)));
	buffer_done(&drivers);
	free(interfaces.items);
}

bool probe_usb(struct usb_names *names, struct text_pool *pool, struct folder *folder,
	const struct facts *known, struct facts *facts)
{
	if (!set_mandatory(facts, pool, folder))
		return false;
	facts_set(facts, pool, FIELD_PATH, strrchr(folder->path, '/') + 1);
	set_optional(facts, pool, folder, known);
	set_name(facts, pool, names);
	set_drivers(facts, pool, folder);
	return true;
}
