/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "io/probe/folder.h"
#include "io/probe/names.h"
#include "model/facts.h"

/*
 * Sets the fields of a PCI function. What its registers say is taken from `known`, an earlier look
 * at the same folder, unless that is NULL. False: it lacks vendor, device or class.
 */
bool probe_pci(struct names *names, struct text_pool *pool, struct folder *folder,
	const struct facts *known, struct facts *facts);
