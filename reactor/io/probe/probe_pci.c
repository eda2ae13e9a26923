/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PCI function: some twenty reads of its folder, and for a VF a few of its PF's. `config` is not
 * among them: reading it wakes the device and takes milliseconds.
 */
#include "io/probe/probe_pci.h"

#include "io/probe/physical_slot.h"
#include "io/probe/virtual_function.h"

#include <stdio.h>
#include <string.h>

#define BASE_CLASS_NETWORK "02"

struct ids {
	uint64_t vendor;
	uint64_t device;
	uint64_t class;
};

static bool read_ids(struct folder *folder, struct ids *ret_ids)
{
	return folder_read_number(folder, "vendor", 16, 0xffff, &ret_ids->vendor) &&
	       folder_read_number(folder, "device", 16, 0xffff, &ret_ids->device) &&
	       folder_read_number(folder, "class", 16, 0xffffff, &ret_ids->class);
}

static void set_ids(struct facts *facts, struct text_pool *pool, const struct ids *ids)
{
	char form[sizeof("0123:4567")];

	snprintf(form, sizeof(form), "%04x:%04x", (unsigned)ids->vendor, (unsigned)ids->device);
	facts_set(facts, pool, FIELD_VENDOR_DEVICE, form);
	snprintf(form, sizeof(form), "%06x", (unsigned)ids->class);
	facts_set(facts, pool, FIELD_CLASS_HEX, form);
	form[2] = '\0';
	facts_set(facts, pool, FIELD_DEVICE_TYPE, form);
}

static void set_names(
	struct facts *facts, struct text_pool *pool, struct names *names, const struct ids *ids)
{
	struct text **values = facts->values;
	struct buffer joined = {0};

	text_replace(&values[FIELD_VENDOR], text_ref(names_vendor(names, (unsigned)ids->vendor)));
	text_replace(&values[FIELD_DEVICE],
		text_ref(names_device(names, (unsigned)ids->vendor, (unsigned)ids->device)));
	text_replace(
		&values[FIELD_CLASS], text_ref(names_class(names, (unsigned)(ids->class >> 8))));
	buffer_format(&joined, "%s %s", values[FIELD_VENDOR]->bytes, values[FIELD_DEVICE]->bytes);
	text_replace(&values[FIELD_NAME], text_intern(pool, joined.bytes, joined.length));
	text_replace(&facts->name, text_ref(values[FIELD_NAME]));
	buffer_done(&joined);
}

static void set_driver(struct facts *facts, struct text_pool *pool, struct folder *folder)
{
	char driver[ENTRY_SIZE];
	bool bound = folder_read_link(folder, "driver", driver);

	facts_set(facts, pool, FIELD_DRIVER, bound ? driver : "");
	if (bound)
		text_replace(&facts->bound, text_ref(facts->values[FIELD_DRIVER]));
}

static void set_subsystem(struct facts *facts, struct text_pool *pool, struct folder *folder)
{
	char form[sizeof("0123:4567")];
	uint64_t vendor;
	uint64_t device;

	if (!folder_read_number(folder, "subsystem_vendor", 16, 0xffff, &vendor) ||
		!folder_read_number(folder, "subsystem_device", 16, 0xffff, &device))
		return;
	snprintf(form, sizeof(form), "%04x:%04x", (unsigned)vendor, (unsigned)device);
	facts_set(facts, pool, FIELD_SUBSYSTEM_VENDOR_DEVICE, form);
}

static void set_numbers(struct facts *facts, struct text_pool *pool, struct folder *folder)
{
	char value[ATTRIBUTE_SIZE];
	char group[ENTRY_SIZE];

	if (folder_read(folder, "revision", value))
		facts_set(facts, pool, FIELD_REVISION, value);
	if (folder_read(folder, "numa_node", value) && value[0] != '-')
		facts_set(facts, pool, FIELD_NUMA_NODE, value);
	if (folder_read_link(folder, "iommu_group", group))
		facts_set(facts, pool, FIELD_IOMMU_GROUP, group);
}

/* A VF of a NIC is of one kind more. */
static void set_nic(struct facts *facts, struct text_pool *pool, struct folder *folder)
{
	if (!text_is(facts->values[FIELD_DEVICE_TYPE], BASE_CLASS_NETWORK))
		return;
	facts->kinds |= KIND_MASK(KIND_SRIOV_NIC);
	physical_slot_set(facts, pool, folder);
}

/*
 * The kernel makes a VF's links after it, and takes them away before it. Only VFs have
 * `sriov_vf_msix_count` (since Linux 5.13); but for it, one without links would be taken for a card
 * of its own, and join a group of those.
 */
static void set_function(struct facts *facts, struct text_pool *pool, struct folder *folder)
{
	bool is_virtual = folder_has(folder, "sriov_vf_msix_count");
	char physical[ENTRY_SIZE];
	uint64_t possible = 0;

	if (folder_read_link(folder, "physfn", physical)) {
		facts_set(facts, pool, FIELD_FUNCTION, "virtual");
		virtual_function_set(facts, pool, folder, physical);
		set_nic(facts, pool, folder);
		folder->unsettled = is_virtual && !facts->values[FIELD_VF_INDEX];
		return;
	}
	folder->unsettled = is_virtual;
	folder_read_number(folder, "sriov_totalvfs", 10, UINT16_MAX, &possible);
	facts_set(facts, pool, FIELD_FUNCTION,
		is_virtual     ? "virtual"
		: possible > 0 ? "physical"
			       : "plain");
}

bool probe_pci(
	struct names *names, struct text_pool *pool, struct folder *folder, struct facts *facts)
{
	struct ids ids;

	if (!read_ids(folder, &ids))
		return false;
	facts_set(facts, pool, FIELD_SLOT, strrchr(folder->path, '/') + 1);
	set_ids(facts, pool, &ids);
	set_names(facts, pool, names, &ids);
	set_driver(facts, pool, folder);
	set_subsystem(facts, pool, folder);
	set_numbers(facts, pool, folder);
	set_function(facts, pool, folder);
	return true;
}
