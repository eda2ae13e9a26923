/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who hangs on whom: which devices must be looked at again because another one was. */
#pragma once

#include "devices/looking.h"
#include "model/inventory.h"

/*
 * Adds to `looks` the devices that may have changed with the one that `facts` are of, without an
 * event of their own: the VFs of a PF, which have fields from its folder; and the functions of a
 * board whose vGPU types shrink and grow with what its other functions carry. The latter are left
 * alone where `since` is CLOCK_NEVER: a scan looks at all of them.
 */
void topology_add_dependents(const struct inventory *inventory, const struct facts *facts,
	int64_t since, struct looking *looks);
