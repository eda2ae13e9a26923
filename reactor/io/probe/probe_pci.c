/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PCI function: some twenty reads of its folder, and for a VF a few of its PF's. `config` is not
 * among them: reading it wakes the device and takes milliseconds.
 *
 * What its registers say (ids, class, revision) the kernel reads once, when it makes the folder,
 * and a VF's links stay once they are there, which may be after its `add`. So a driver that comes
 * or goes can only change, beside the driver link: the node, from none (nvme sets one where
 * firmware does not); the IOMMU group (made at the first bind, or by vfio without IOMMU); how many
 * VFs are possible (a driver may lower it); and the vGPU types, which are the driver's.
 */
#include "io/probe/probe_pci.h"

#include "base/memory.h"
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

/* Sets a field to what is its text form already. */
static void set_form(
	struct facts *facts, struct text_pool *pool, enum field field, const char *form)
{
	facts_put(facts, field, text_intern_string(pool, form));
}

static void set_pair(
	struct facts *facts, struct text_pool *pool, enum field field, const uint64_t ids[2])
{
	char form[sizeof("0123:4567")];

	snprintf(form, sizeof(form), "%04x:%04x", (unsigned)ids[0], (unsigned)ids[1]);
	set_form(facts, pool, field, form);
}

static void set_ids(struct facts *facts, struct text_pool *pool, const struct ids *ids)
{
	char form[sizeof("012345")];

	set_pair(facts, pool, FIELD_VENDOR_DEVICE, (const uint64_t[]){ids->vendor, ids->device});
	snprintf(form, sizeof(form), "%06x", (unsigned)ids->class);
	set_form(facts, pool, FIELD_CLASS_HEX, form);
	form[2] = '\0';
	set_form(facts, pool, FIELD_DEVICE_TYPE, form);
}

static void set_names(
	struct facts *facts, struct text_pool *pool, struct names *names, const struct ids *ids)
{
	struct buffer joined = {0};

	facts_put(facts, FIELD_VENDOR, text_ref(names_vendor(names, (unsigned)ids->vendor)));
	facts_put(facts, FIELD_DEVICE,
		text_ref(names_device(names, (unsigned)ids->vendor, (unsigned)ids->device)));
	facts_put(facts, FIELD_CLASS, text_ref(names_class(names, (unsigned)(ids->class >> 8))));
	buffer_format(&joined, "%s %s", facts_value(facts, FIELD_VENDOR)->bytes,
		facts_value(facts, FIELD_DEVICE)->bytes);
	facts_put(facts, FIELD_NAME, text_intern(pool, joined.bytes, joined.length));
	text_replace(&facts->name, text_ref(facts_value(facts, FIELD_NAME)));
	buffer_done(&joined);
}

static void set_driver(struct facts *facts, struct text_pool *pool, struct folder *folder)
{
	char driver[ENTRY_SIZE];
	bool bound = folder_read_link(folder, "driver", driver);

	facts_set(facts, pool, FIELD_DRIVER, bound ? driver : "");
	if (bound)
		text_replace(&facts->bound, text_ref(facts_value(facts, FIELD_DRIVER)));
}

/* What a function may lack; what is known of it is not read again, but for the group. */
static void set_optional(struct facts *facts, struct text_pool *pool, struct folder *folder)
{
	char value[ATTRIBUTE_SIZE];
	uint64_t ids[2];

	if (!facts_value(facts, FIELD_SUBSYSTEM_VENDOR_DEVICE) &&
		folder_read_number(folder, "subsystem_vendor", 16, 0xffff, &ids[0]) &&
		folder_read_number(folder, "subsystem_device", 16, 0xffff, &ids[1]))
		set_pair(facts, pool, FIELD_SUBSYSTEM_VENDOR_DEVICE, ids);
	if (!facts_value(facts, FIELD_REVISION) && folder_read(folder, "revision", value))
		facts_set(facts, pool, FIELD_REVISION, value);
	if (!facts_value(facts, FIELD_NUMA_NODE) && folder_read(folder, "numa_node", value) &&
		value[0] != '-')
		facts_set(facts, pool, FIELD_NUMA_NODE, value);
	if (folder_read_link(folder, "iommu_group", value))
		facts_set(facts, pool, FIELD_IOMMU_GROUP, value);
}

/* A VF of a NIC is of one kind more. */
static void set_nic(struct facts *facts, struct text_pool *pool, struct folder *folder)
{
	if (!text_is(facts_value(facts, FIELD_DEVICE_TYPE), BASE_CLASS_NETWORK))
		return;
	facts->kinds |= KIND_MASK(KIND_SRIOV_NIC);
	physical_slot_set(facts, pool, folder);
}

/*
 * The kernel makes a VF's links after it, and takes them away before it. Only VFs have
 * `sriov_vf_msix_count` (since Linux 5.13), from the start; but for it, one without links would be
 * taken for a card of its own, and join a group of those. `card`: it is known to lack it.
 */
static void set_function(
	struct facts *facts, struct text_pool *pool, struct folder *folder, bool card)
{
	char physical[ENTRY_SIZE];
	bool is_linked = folder_read_link(folder, "physfn", physical);
	bool is_virtual = !card && folder_has(folder, "sriov_vf_msix_count");
	uint64_t possible = 0;

	if (is_linked) {
		facts_set(facts, pool, FIELD_FUNCTION, "virtual");
		virtual_function_set(facts, pool, folder, physical);
		set_nic(facts, pool, folder);
		folder->unsettled |= is_virtual && !facts_value(facts, FIELD_VF_INDEX);
	} else if (is_virtual) {
		facts_set(facts, pool, FIELD_FUNCTION, "virtual");
		folder->unsettled = true;
	} else {
		folder_read_number(folder, "sriov_totalvfs", 10, UINT16_MAX, &possible);
		facts_set(facts, pool, FIELD_FUNCTION, possible > 0 ? "physical" : "plain");
	}
}

/* Vendor, device and class, and what follows from them. */
static bool set_model(
	struct facts *facts, struct text_pool *pool, struct names *names, struct folder *folder)
{
	struct ids ids;

	if (!read_ids(folder, &ids))
		return false;
	facts_set(facts, pool, FIELD_SLOT, strrchr(folder->path, '/') + 1);
	set_ids(facts, pool, &ids);
	set_names(facts, pool, names, &ids);
	return true;
}

/* What no driver changes; where it was absent, it is read again. */
static void keep(struct facts *facts, const struct facts *known)
{
	static const enum field kept[] = {FIELD_NAME, FIELD_SLOT, FIELD_CLASS, FIELD_CLASS_HEX,
		FIELD_DEVICE_TYPE, FIELD_VENDOR, FIELD_DEVICE, FIELD_VENDOR_DEVICE,
		FIELD_SUBSYSTEM_VENDOR_DEVICE, FIELD_REVISION, FIELD_NUMA_NODE};

	for (size_t i = 0; i < ARRAY_LENGTH(kept); i++)
		facts_put(facts, kept[i], text_ref(facts_value(known, kept[i])));
	facts->name = text_ref(known->name);
}

/* What a VF has of its PF and of its card, whose own events ask for whole looks at it. */
static void keep_function(struct facts *facts, const struct facts *known)
{
	static const enum field kept[] = {FIELD_FUNCTION, FIELD_PHYSICAL_FUNCTION, FIELD_VF_INDEX,
		FIELD_PF_NAME, FIELD_PHYSICAL_SLOT};

	for (size_t i = 0; i < ARRAY_LENGTH(kept); i++)
		facts_put(facts, kept[i], text_ref(facts_value(known, kept[i])));
	facts->kinds = known->kinds;
	facts->parent = text_ref(known->parent);
}

/* A function that was no VF, or whose PF lacked the link to it, may be one by now. */
static void set_function_again(struct facts *facts, struct text_pool *pool, struct folder *folder,
	const struct facts *known)
{
	if (!facts_value(known, FIELD_VF_INDEX)) {
		set_function(facts, pool, folder,
			!text_is(facts_value(known, FIELD_FUNCTION), "virtual"));
		return;
	}
	keep_function(facts, known);
	if (!facts_value(facts, FIELD_PHYSICAL_SLOT))
		set_nic(facts, pool, folder);
}

bool probe_pci(struct names *names, struct text_pool *pool, struct folder *folder,
	const struct facts *known, struct facts *facts)
{
	if (known)
		keep(facts, known);
	else if (!set_model(facts, pool, names, folder))
		return false;
	set_driver(facts, pool, folder);
	set_optional(facts, pool, folder);
	if (known)
		set_function_again(facts, pool, folder, known);
	else
		set_function(facts, pool, folder, false);
	return true;
}
