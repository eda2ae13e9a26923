/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What names a device over replugs, restarts and other drivers:
 *
 *   pci/0000:01:00.0/10de:1eb8             a PCI function: slot, vendor and device
 *   pci/0000:01:00.0/8086:10c9/vf3         a VF: its PF's identity and its index
 *   pci/0000:41:00.4/10de:2235/type558     a vGPU: its function's identity, type and number
 *   usb/046d:c52b/serial/ABC123            a USB device whose serial no other present one has
 *   usb/046d:c52b/port/0000:00:14.0/2.1    any other: its controller's slot and its port chain
 *
 * An identity is fixed at the claim, so a USB device can come back under either of its two.
 */
#pragma once

#include "base/buffer.h"
#include "model/inventory.h"

/* Most identities that one device can have. */
#define IDENTITY_FORMS 2

/*
 * Appends the identities that a device with these facts could have been claimed under, the one by
 * serial first; returns how many. One by the place of something else is missing while that is not
 * present: the PF of a VF, the function of a vGPU, the root hub of a USB device's bus.
 */
size_t identity_forms(const struct inventory *inventory, const struct facts *facts,
	struct buffer ret_forms[static IDENTITY_FORMS]);

/* The one of them that a claim fixes now. False: none can be told now. */
bool identity_fix(
	const struct inventory *inventory, const struct facts *facts, struct buffer *ret_form);

/*
 * Whether a part of the identity `key`, which a device with these facts was taken for, can be read
 * by now and is another: only a USB device's serial is ever read later than all else.
 */
bool identity_differs(const struct facts *facts, const char *key);

/* Whether a claim would fix the same for both devices, so that it can have but one of them. */
bool identity_is_shared(
	const struct inventory *inventory, const struct facts *one, const struct facts *other);
