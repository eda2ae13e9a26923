/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/topology.h"

#include "base/clock.h"

/* Whether `other` is a VF of the function `physical`. */
static bool is_virtual_function_of(const struct facts *other, const struct text *physical)
{
	return (other->kinds & KIND_MASK(KIND_PCI)) && other->parent == physical &&
	       facts_value(other, FIELD_PHYSICAL_FUNCTION);
}

/* The PF of the board on which `facts`'s function makes vGPUs out of what it shares with others. */
static const struct text *board(const struct facts *facts)
{
	if (!facts->offers_vgpus || !text_is(facts_value(facts, FIELD_FUNCTION), "virtual"))
		return NULL;
	return facts->parent;
}

/* Whether `other` is the PF `physical` or a VF of it, and offers vGPU types. */
static bool is_on_board(const struct facts *other, const struct text *physical)
{
	return other->offers_vgpus &&
	       (other->id == physical || is_virtual_function_of(other, physical));
}

void topology_add_dependents(const struct inventory *inventory, const struct facts *facts,
	int64_t since, struct looking *looks)
{
	bool is_physical = text_is(facts_value(facts, FIELD_FUNCTION), "physical");
	const struct text *physical = is_physical ? facts->id : board(facts);

	if (!physical || (!is_physical && since == CLOCK_NEVER))
		return;
	for (size_t i = 0; i < inventory->devices.count; i++) {
		const struct device *device = inventory->devices.items[i];
		const struct facts *other = device->now.facts;

		if (!other || other->id == facts->id)
			continue;
		if (is_physical ? is_virtual_function_of(other, physical)
				: is_on_board(other, physical))
			looking_add_derived(looks, device->id->bytes, since);
	}
}
