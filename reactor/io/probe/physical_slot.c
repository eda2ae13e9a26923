/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chassis slots as lspci's PhySlot has them. They are few, and read anew at each whole look at a
 * VF, and at every one until a slot is found: the kernel says nothing when a slot takes another
 * card, but the card's functions come with it, nor when a driver makes slots.
 */
#include "io/probe/physical_slot.h"

#include "base/error.h"
#include "base/memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define SLOTS "/sys/bus/pci/slots"

/* One of the two functions that the slot may be named by. */
struct wanted {
	const struct text *function; /* its address; NULL: unknown */
	char slot[ENTRY_SIZE];	     /* empty: not found yet */
};

struct search {
	struct folder *slots;
	struct wanted wanted[2];
};

/* A slot's address is a function's without the last part: 0000:01:00. */
static bool is_address_of(const char *address, const struct text *function)
{
	size_t length = strlen(address);

	return function && length < function->length && function->bytes[length] == '.' &&
	       memcmp(function->bytes, address, length) == 0;
}

static void consider(const char *entry, void *context)
{
	struct search *search = context;
	char name[ENTRY_SIZE + sizeof("/address")];
	char address[ATTRIBUTE_SIZE];

	snprintf(name, sizeof(name), "%s/address", entry);
	if (!folder_read(search->slots, name, address))
		return;
	for (size_t i = 0; i < ARRAY_LENGTH(search->wanted); i++) {
		struct wanted *wanted = &search->wanted[i];

		if (wanted->slot[0] == '\0' && is_address_of(address, wanted->function))
			snprintf(wanted->slot, sizeof(wanted->slot), "%s", entry);
	}
}

void physical_slot_find(struct facts *facts, struct text_pool *pool, struct folder *slots)
{
	struct search search = {
		.slots = slots,
		.wanted = {{.function = facts_value(facts, FIELD_SLOT)},
			{.function = facts_value(facts, FIELD_PHYSICAL_FUNCTION)}},
	};

	folder_walk(slots, ".", consider, &search);
	for (size_t i = 0; i < ARRAY_LENGTH(search.wanted); i++) {
		if (search.wanted[i].slot[0] == '\0')
			continue;
		facts_set(facts, pool, FIELD_PHYSICAL_SLOT, search.wanted[i].slot);
		return;
	}
}

void physical_slot_set(struct facts *facts, struct text_pool *pool, struct folder *folder)
{
	struct folder slots = {
		.descriptor = open(SLOTS, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
	};

	if (slots.descriptor < 0) {
		folder_note(folder, error_from_errno());
		return;
	}
	physical_slot_find(facts, pool, &slots);
	folder_note(folder, slots.error);
	folder_close(&slots);
}
