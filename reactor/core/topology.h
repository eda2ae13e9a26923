/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who hangs on whom: which devices must be looked at again because another one was. */
#pragma once

#include "model/inventory.h"
#include "model/look.h"

/*
 * Adds to `looks` the devices whose fields are read from `facts`'s device as well as from their
 * own folder: the VFs of a PF (the name of its network interface).
 */
void topology_add_dependents(const struct inventory *inventory, const struct facts *facts,
	int64_t since, struct looks *looks);
