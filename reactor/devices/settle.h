/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The difference between what a device is and what subscribers were told of it, as events. */
#pragma once

#include "model/delta.h"
#include "model/device.h"

/*
 * Makes the device's JSON, appends the events of its difference in this order: group.left,
 * device.removed, device.added, device.changed, group.joined; and takes what it is as told. A
 * device that is not there afterwards is the caller's to drop.
 */
void settle_device(struct device *device, struct delta *delta);
