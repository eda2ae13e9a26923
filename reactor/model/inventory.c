/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/inventory.h"

#include <assert.h>

void inventory_done(struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->devices.count; i++)
		device_free(inventory->devices.items[i]);
	vector_done(&inventory->devices);
}

size_t inventory_locate(const struct inventory *inventory, const char *id)
{
	size_t low = 0;
	size_t high = inventory->devices.count;
	struct device_order order = device_order_of(id);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct device *device = inventory->devices.items[middle];

		if (device_order_compare(&device->order, &order) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct device *inventory_find(const struct inventory *inventory, const char *id)
{
	size_t at = inventory_locate(inventory, id);
	struct device *device = at < inventory->devices.count ? inventory->devices.items[at] : NULL;

	return device && text_is(device->id, id) ? device : NULL;
}

struct device *inventory_put(struct inventory *inventory, struct text *id)
{
	struct device *device = inventory_find(inventory, id->bytes);

	if (device)
		return device;
	device = device_new(text_ref(id));
	vector_insert(&inventory->devices, inventory_locate(inventory, id->bytes), device);
	return device;
}

void inventory_drop(struct inventory *inventory, struct device *device)
{
	size_t at = inventory_locate(inventory, device->id->bytes);

	assert(inventory->devices.items[at] == device);
	vector_remove(&inventory->devices, at);
	device_free(device);
}
