/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of USB ids from usb.ids, for devices that do not tell their own. */
#pragma once

#include "base/buffer.h"

#include <stdbool.h>

/*
 * The text of usb.ids as it is, searched from the start each time: few devices lack strings, and a
 * table of 20,000 names would be built for them. Zero-initialised is not read yet. Rejected: udev's
 * hwdb, whose first name takes 2 ms, not 9: it is not everywhere, so this would be needed too.
 */
struct usb_names {
	struct buffer list;
	bool read;
};

void usb_names_done(struct usb_names *names);

/* Where usb.ids is: in Debian, and where the package hwdata brings it. */
extern const char *const usb_names_places[];

/* Reads the first of `places` (NULL ends them) that can be read; done by the first question. */
void usb_names_read(struct usb_names *names, const char *const *places);

/*
 * Appends the vendor's name, or the product's, to `ret_name`; false: there is none. The first call
 * reads the file; where there is no file, nothing has a name.
 */
bool usb_names_vendor(struct usb_names *names, unsigned vendor, struct buffer *ret_name);
bool usb_names_product(
	struct usb_names *names, unsigned vendor, unsigned product, struct buffer *ret_name);
