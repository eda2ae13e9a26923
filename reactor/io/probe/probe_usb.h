/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "io/probe/folder.h"
#include "io/probe/usb_names.h"
#include "model/facts.h"

/*
 * Sets the fields of a USB device; its strings as in `known`, unless that is NULL or lacks them.
 * False: it lacks busnum, devnum, idVendor or idProduct.
 */
bool probe_usb(struct usb_names *names, struct text_pool *pool, struct folder *folder,
	const struct facts *known, struct facts *facts);
