/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All devices, in the order of their ids: one sorted array. A look-up is a binary search, a walk is
 * the order that lists show, and there is no second index to keep in step.
 */
#pragma once

#include "base/vector.h"
#include "model/device.h"

struct inventory {
	struct vector devices; /* of struct device, owned, sorted by device_order_compare */
};

void inventory_done(struct inventory *inventory);

struct device *inventory_find(const struct inventory *inventory, const char *id);

/* The place of `id` in the order: that of the first device which does not come before it. */
size_t inventory_locate(const struct inventory *inventory, const char *id);

/* The device of this interned id, made if it is new. */
struct device *inventory_put(struct inventory *inventory, struct text *id);

/* Takes the device out and frees it. */
void inventory_drop(struct inventory *inventory, struct device *device);
