/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/field.h"

#include "base/table.h"

#include <string.h>

#define TYPE_PREFIX "nvidia-"

#define PCI  KIND_MASK(KIND_PCI)
#define USB  KIND_MASK(KIND_USB)
#define NIC  KIND_MASK(KIND_SRIOV_NIC)
#define VGPU KIND_MASK(KIND_VGPU)

TABLE_BEGIN(descriptions);
/* clang-format off */
static const struct field_description descriptions[FIELD_COUNT] = {
	ROW(FIELD_NAME) = {"name", PCI | NIC | VGPU, VALUE_TEXT, 0, 
		"pci.ids; vgpu: mdev name, creatable_vgpu_types",
		"vendor and device, joined by one space; vgpu: the profile's name"},
	ROW(FIELD_SLOT) = {"slot", PCI | NIC | VGPU, VALUE_ADDRESS, 0, "sysfs name",
		"address of the function; 03:00.0 means 0000:03:00.0"},
	ROW(FIELD_CLASS) = {"class", PCI, VALUE_TEXT, 0, "pci.ids",
		"name of the subclass, as lspci prints it"},
	ROW(FIELD_CLASS_HEX) = {"class_hex", PCI, VALUE_HEX, 6, "sysfs class",
		"base class, subclass, programming interface; compared by the rule's 2, 4 or 6 digits"},
	ROW(FIELD_DEVICE_TYPE) = {"device_type", PCI, VALUE_HEX, 2, "sysfs class",
		"base class"},
	ROW(FIELD_VENDOR) = {"vendor", PCI | NIC | VGPU, VALUE_TEXT, 0, "pci.ids",
		"vendor's name, as lspci prints it"},
	ROW(FIELD_DEVICE) = {"device", PCI | NIC | VGPU, VALUE_TEXT, 0, "pci.ids",
		"device's name, as lspci prints it"},
	ROW(FIELD_VENDOR_DEVICE) = {"vendor_device", PCI | NIC | VGPU, VALUE_ID_PAIR, 0, "sysfs vendor, device",
		"the two ids, e.g. 10de:1eb8"},
	ROW(FIELD_DRIVER) = {"driver", PCI | NIC, VALUE_TEXT, 0, "sysfs driver link",
		"the host's driver; empty if none"},
	ROW(FIELD_FUNCTION) = {"function", PCI, VALUE_TEXT, 0, "sysfs physfn, sriov_totalvfs",
		"physical (VFs possible), virtual or plain"},
	ROW(FIELD_SUBSYSTEM_VENDOR_DEVICE) = {"subsystem_vendor_device", PCI | NIC | VGPU, VALUE_ID_PAIR, 0,
		"sysfs subsystem_vendor, subsystem_device", "ids of the card's maker"},
	ROW(FIELD_REVISION) = {"revision", PCI | NIC | VGPU, VALUE_HEX, 2, "sysfs revision",
		"revision of the chip"},
	ROW(FIELD_NUMA_NODE) = {"numa_node", PCI | NIC | VGPU, VALUE_NUMBER, 0, "sysfs numa_node",
		"NUMA node; absent where the firmware names none"},
	ROW(FIELD_IOMMU_GROUP) = {"iommu_group", PCI | NIC | VGPU, VALUE_NUMBER, 0, "sysfs iommu_group link",
		"number of the IOMMU group; changes over reboots"},
	ROW(FIELD_PHYSICAL_FUNCTION) = {"physical_function", PCI | NIC | VGPU, VALUE_ADDRESS, 0,
		"sysfs physfn link", "slot of the PF; vgpu: of the board's, absent without SR-IOV"},
	ROW(FIELD_VF_INDEX) = {"vf_index", PCI | NIC, VALUE_NUMBER, 0, "the PF's virtfnN links",
		"a VF's number on its PF, from 0"},
	ROW(FIELD_PF_NAME) = {"pf_name", PCI | NIC, VALUE_TEXT, 0, "the PF's net folder",
		"network interface of a VF's PF"},
	ROW(FIELD_PHYSICAL_SLOT) = {"physical_slot", NIC, VALUE_TEXT, 0, "/sys/bus/pci/slots",
		"chassis slot that holds the card, as lspci's PhySlot; the PF's if the VF has none"},
	ROW(FIELD_VIRTUAL_FUNCTION) = {"virtual_function", VGPU, VALUE_NUMBER, 0,
		"the PF's virtfnN links", "number of the VF that carries it; absent on a PF"},
	ROW(FIELD_TYPE_ID) = {"type_id", VGPU, VALUE_NUMBER, 0,
		"mdev_supported_types, creatable_vgpu_types", "number of the profile; nvidia-558 means 558"},
	ROW(FIELD_BUS) = {"bus", USB, VALUE_NUMBER, 0, "sysfs busnum",
		"number of the bus; changes over reboots"},
	ROW(FIELD_DEVICE_NUMBER) = {"device", USB, VALUE_NUMBER, 0, "sysfs devnum",
		"number on the bus; changes at each plug"},
	ROW(FIELD_PATH) = {"path", USB, VALUE_TEXT, 0, "sysfs name",
		"bus and ports, e.g. 1-2.1; a root hub's is usb1"},
	ROW(FIELD_VENDOR_ID) = {"vendor_id", USB, VALUE_HEX, 4, "sysfs idVendor",
		"vendor's id"},
	ROW(FIELD_MODEL_ID) = {"model_id", USB, VALUE_HEX, 4, "sysfs idProduct",
		"product's id"},
	ROW(FIELD_SERIAL) = {"serial", USB, VALUE_TEXT, 0, "sysfs serial",
		"the device's own serial number string; absent if it has none"},
	ROW(FIELD_USB_VERSION) = {"usb_version", USB, VALUE_VERSION, 0, "sysfs version",
		"bcdUSB, e.g. 2.0; 2.1 means 2.10"},
	ROW(FIELD_SPEED) = {"speed", USB, VALUE_NUMBER, 0, "sysfs speed",
		"Mbit/s, e.g. 1.5 or 480"},
	ROW(FIELD_INTERFACE_DRIVERS) = {"interface_drivers", USB, VALUE_LIST, 0,
		"sysfs driver link of each interface",
		"drivers in interface order, each once; one empty element if none"},
	ROW(FIELD_MANUFACTURER) = {"manufacturer", USB, VALUE_TEXT, 0, "sysfs manufacturer",
		"the device's own string; absent if it has none"},
	ROW(FIELD_PRODUCT) = {"product", USB, VALUE_TEXT, 0, "sysfs product",
		"the device's own string; absent if it has none"},
};
TABLE_END(descriptions, FIELD_COUNT);
/* clang-format on */

const struct field_description *field_describe(enum field field)
{
	return &descriptions[field];
}

/* The kinds that are found in the same folders: a look tells only while it reads. */
static unsigned kinds_beside(unsigned kinds)
{
	unsigned beside = 0;

	for (enum kind kind = 0; kind < KIND_COUNT; kind++)
		if (kinds & (KIND_MASK(kind) | KIND_MASK(kind_describe(kind)->carrier)))
			beside |= KIND_MASK(kind);
	return beside;
}

struct field_range field_range(unsigned kinds)
{
	enum field first = 0;
	enum field end = FIELD_COUNT;

	if (!kinds)
		return (struct field_range){0, FIELD_COUNT};
	kinds |= kinds_beside(kinds);
	while (first < end && !(descriptions[first].kinds & kinds))
		first++;
	while (end > first && !(descriptions[end - 1].kinds & kinds))
		end--;
	return (struct field_range){first, (unsigned)end - (unsigned)first};
}

const char *field_skip_prefix(enum field field, const char *spelling)
{
	const char *start = spelling + strspn(spelling, " \t");
	size_t prefix = strlen(TYPE_PREFIX);

	if (field == FIELD_TYPE_ID && strncmp(start, TYPE_PREFIX, prefix) == 0)
		return start + prefix;
	return spelling;
}

enum field field_find(enum kind kind, const char *name)
{
	enum field field = 0;

	while (field < FIELD_COUNT && !((descriptions[field].kinds & KIND_MASK(kind)) &&
					      strcmp(descriptions[field].name, name) == 0))
		field++;
	return field;
}
