/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forms in which a person may name a device. */
#pragma once

/* The id that text stands for: an id itself, a slot (0000:01:00.0), a short slot (01:00.0), a port
 * path (1-2.1), a root hub (usb1) or a virsh name (pci_0000_01_00_0, usb_1_2_1, usb_usb1), in upper
 * or lower case. Anything else comes back as it is: the daemon knows whether there is such a
 * device. The caller frees the result. */
char *identifier_resolve(const char *text);
