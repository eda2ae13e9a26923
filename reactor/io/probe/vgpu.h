/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "io/probe/folder.h"
#include "model/facts.h"

/*
 * Adds to `found`, whose first facts are those of the PCI function of this folder, the vGPU
 * candidates that it carries, in the order of their ids; and tells the function whether it offers
 * any types at all.
 */
void vgpu_add_candidates(struct vector *found, struct text_pool *pool, struct folder *folder);
