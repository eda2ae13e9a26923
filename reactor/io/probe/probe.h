/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The probe reads one device's folder in sysfs into facts. Names of PCI ids come from libpci, as
 * lspci prints them; everything else is read from sysfs directly: libpci's default is to exit the
 * process when a device vanishes under it, and libusb wakes what it opens.
 */
#pragma once

#include "devices/looking.h"
#include "model/facts.h"

struct probe;

/* Loads pci.ids, so that no later call waits for it. Never fails for want of it: names are then
 * what lspci prints for unknown ids. */
struct probe *probe_new(struct text_pool *pool);
struct probe *probe_free(struct probe *probe);

/*
 * Looks at the place `id`. `known` is NULL or what an earlier look found there: if the folder is
 * still the same one, what a PCI function's driver cannot change is taken from it, unless it was
 * absent; and what a VF has of its PF, whose own changes ask for looks without `known`. Of a USB
 * device its strings are, which never change; all else is read: binding it makes its interfaces.
 *
 * 0: the facts of all devices found there were added to ret_found, which was empty, and are the
 * caller's: the device itself, and after it the vGPU candidates that it carries, in the order of
 * ids. Properties are empty. The life is the inode number of the folder, checked once more after
 * all was read, so that facts are never a mixture of two devices, nor of one that is gone.
 * Negative: -errno, only for want of descriptors or memory, or since a signal came, which says
 * nothing about the device. Positive: LOOK_GONE, LOOK_INCOMPLETE or LOOK_UNSETTLED.
 * But for LOOK_UNSETTLED, whatever else is returned leaves ret_found empty.
 */
int probe_look(struct probe *probe, const struct text *id, const struct facts *known,
	struct vector *ret_found);

/*
 * Adds every device of /sys/bus/BUS/devices, of all kinds that have a bus, to `looks`. A missing
 * folder has none. -errno if one cannot be read.
 */
int probe_walk(struct looking *looks);
