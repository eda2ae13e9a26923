/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/topology.h"

void topology_add_dependents(const struct inventory *inventory, const struct facts *facts,
	int64_t since, struct looks *looks)
{
	if (!text_is(facts->values[FIELD_FUNCTION], "physical"))
		return;
	for (size_t i = 0; i < inventory->devices.count; i++) {
		const struct device *device = inventory->devices.items[i];
		const struct facts *other = device->now.facts;

		if (other && other->parent == facts->id && other->values[FIELD_PHYSICAL_FUNCTION])
			looks_add(looks, device->id->bytes, since);
	}
}
