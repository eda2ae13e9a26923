/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/fleet.h"

#include "base/text.h"

#include <stdio.h>

#define FUNCTIONS_PER_NIC 64

const char fleet_rules[] = "groups = ( { name = \"e810-vf\"; kind = \"sriov-nic\"; },\n"
			   "  { name = \"headsets\"; kind = \"usb\"; } );\n"
			   "rules = ( { name = \"e810-functions\"; group = \"e810-vf\";\n"
			   "    match = ((\"vendor_device\", \"equal\", \"8086:1889\")); },\n"
			   "  { name = \"jabra-headsets\"; group = \"headsets\";\n"
			   "    match = ((\"vendor_id\", \"equal\", \"0b0e\")); } );\n";

struct value {
	enum field field;
	const char *spelling;
};

static void set_values(struct facts *facts, struct text_pool *pool, const struct value *values)
{
	for (; values->spelling; values++)
		facts_set(facts, pool, values->field, values->spelling);
}

/* A bus for each NIC: its function 0 and behind it the virtual ones. */
static void write_slot(char *slot, size_t size, unsigned nic, unsigned function)
{
	snprintf(
		slot, size, "%04x:%02x:%02x.%x", nic >> 7, nic & 0x7f, function >> 3, function & 7);
}

static struct facts *new_facts(
	struct text_pool *pool, const char *kind, const char *name, unsigned kinds)
{
	char id[64];

	snprintf(id, sizeof(id), "%s:%s", kind, name);
	return facts_new(text_intern_string(pool, id), kinds);
}

struct facts *fleet_virtual_function(struct text_pool *pool, unsigned number, const char *driver)
{
	unsigned nic = number / FUNCTIONS_PER_NIC;
	char slot[32], parent[32], above[64], group[16], index[16], interface[16], chassis[16];
	const struct value values[] = {
		{FIELD_NAME, "Intel Corporation Ethernet Adaptive Virtual Function"},
		{FIELD_SLOT, slot},
		{FIELD_CLASS, "Ethernet controller"},
		{FIELD_CLASS_HEX, "020000"},
		{FIELD_DEVICE_TYPE, "02"},
		{FIELD_VENDOR, "Intel Corporation"},
		{FIELD_DEVICE, "Ethernet Adaptive Virtual Function"},
		{FIELD_VENDOR_DEVICE, "8086:1889"},
		{FIELD_DRIVER, driver},
		{FIELD_FUNCTION, "virtual"},
		{FIELD_SUBSYSTEM_VENDOR_DEVICE, "8086:0000"},
		{FIELD_REVISION, "0x02"},
		{FIELD_NUMA_NODE, nic & 1 ? "1" : "0"},
		{FIELD_IOMMU_GROUP, group},
		{FIELD_PHYSICAL_FUNCTION, parent},
		{FIELD_VF_INDEX, index},
		{FIELD_PF_NAME, interface},
		{FIELD_PHYSICAL_SLOT, chassis},
		{.spelling = NULL},
	};
	struct facts *facts;

	write_slot(slot, sizeof(slot), nic, 8 + number % FUNCTIONS_PER_NIC);
	write_slot(parent, sizeof(parent), nic, 0);
	snprintf(group, sizeof(group), "%u", 100 + number);
	snprintf(index, sizeof(index), "%u", number % FUNCTIONS_PER_NIC);
	snprintf(interface, sizeof(interface), "ens%uf0", nic);
	snprintf(chassis, sizeof(chassis), "%u", nic);
	facts = new_facts(pool, "pci", slot, KIND_MASK(KIND_PCI) | KIND_MASK(KIND_SRIOV_NIC));
	facts->life = 40000 + number;
	set_values(facts, pool, values);
	facts->name = text_ref(facts_value(facts, FIELD_NAME));
	facts->bound = text_ref(facts_value(facts, FIELD_DRIVER));
	snprintf(above, sizeof(above), "pci:%s", parent);
	facts->parent = text_intern_string(pool, above);
	return facts;
}

struct facts *fleet_physical_function(struct text_pool *pool, unsigned number)
{
	char slot[32];
	const struct value values[] = {
		{FIELD_NAME, "Intel Corporation Ethernet Controller E810-C for QSFP"},
		{FIELD_SLOT, slot},
		{FIELD_VENDOR_DEVICE, "8086:1592"},
		{FIELD_DRIVER, "ice"},
		{FIELD_FUNCTION, "physical"},
		{.spelling = NULL},
	};
	struct facts *facts;

	write_slot(slot, sizeof(slot), number, 0);
	facts = new_facts(pool, "pci", slot, KIND_MASK(KIND_PCI) | KIND_MASK(KIND_SRIOV_NIC));
	facts->life = 40000 + number;
	set_values(facts, pool, values);
	facts->name = text_ref(facts_value(facts, FIELD_NAME));
	facts->bound = text_ref(facts_value(facts, FIELD_DRIVER));
	return facts;
}

struct facts *fleet_headset(struct text_pool *pool, unsigned number, const char *driver)
{
	char path[32], hub[32], serial[32], bus[16], device[16];
	const struct value values[] = {
		{FIELD_BUS, bus},
		{FIELD_DEVICE_NUMBER, device},
		{FIELD_PATH, path},
		{FIELD_VENDOR_ID, "0b0e"},
		{FIELD_MODEL_ID, "0422"},
		{FIELD_SERIAL, serial},
		{FIELD_USB_VERSION, " 2.00"},
		{FIELD_SPEED, "12"},
		{FIELD_INTERFACE_DRIVERS, driver},
		{FIELD_MANUFACTURER, "GN Netcom A/S"},
		{FIELD_PRODUCT, "Jabra EVOLVE 65"},
		{.spelling = NULL},
	};
	struct facts *facts;

	snprintf(bus, sizeof(bus), "%u", number / 112 + 1);
	snprintf(device, sizeof(device), "%u", number % 112 + 2);
	snprintf(hub, sizeof(hub), "usb:%s-%u.%u", bus, number / 16 % 7 + 1, number / 4 % 4 + 1);
	snprintf(path, sizeof(path), "%s.%u", hub + 4, number % 4 + 1);
	snprintf(serial, sizeof(serial), "%012X", 0x50C275u * 31 + number * 7919);
	facts = new_facts(pool, "usb", path, KIND_MASK(KIND_USB));
	facts->life = 40000 + number;
	set_values(facts, pool, values);
	facts->name = text_intern_string(pool, "GN Netcom A/S Jabra EVOLVE 65");
	facts->bound = text_ref(facts_value(facts, FIELD_INTERFACE_DRIVERS));
	facts->parent = text_intern_string(pool, hub);
	return facts;
}
