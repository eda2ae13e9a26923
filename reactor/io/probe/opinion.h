/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The second opinion on our walk of sysfs: the USB devices that libusb lists. libusb is named in
 * opinion.c and nowhere else in io/probe.
 */
#pragma once

#include "devices/drift.h"

/*
 * Appends every device that libusb lists to ret_opinions (of struct opinion, owned). No device is
 * opened or woken. Takes about 1 ms and 0.1 to 0.2 ms a device; leaves neither a thread nor a
 * descriptor. -errno: libusb cannot list, which says nothing about any device.
 */
int opinion_list(struct vector *ret_opinions);
