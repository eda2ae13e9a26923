/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "io/probe/folder.h"
#include "model/facts.h"

/*
 * Sets the chassis slot that holds the card of a VF, from its slot and its PF's: the first of
 * /sys/bus/pci/slots with the address of one of them, the VF's own if both have one. `folder` is
 * the VF's; an error that concerns this process is noted there.
 */
void physical_slot_set(struct facts *facts, struct text_pool *pool, struct folder *folder);

/* Likewise from `slots`, a folder like /sys/bus/pci/slots. */
void physical_slot_find(struct facts *facts, struct text_pool *pool, struct folder *slots);
