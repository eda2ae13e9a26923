/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices in numbers, as real machines have them: every field that a probe would fill, with what
 * differs between devices different (addresses, serials, IOMMU groups) and what a fleet shares
 * (models, drivers) shared. For benchmarks and tests of many.
 */
#pragma once

#include "model/facts.h"

/* A virtual function of a NIC with 64 of them: the PCI device with the most fields. */
struct facts *fleet_virtual_function(struct text_pool *pool, unsigned number, const char *driver);

/* The NIC itself, which has the virtual functions NUMBER * 64 to NUMBER * 64 + 63. */
struct facts *fleet_physical_function(struct text_pool *pool, unsigned number);

/* A headset behind a hub, with a serial of its own. */
struct facts *fleet_headset(struct text_pool *pool, unsigned number, const char *driver);

/* Rules that put both into groups. */
extern const char fleet_rules[];
