/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "io/probe/folder.h"
#include "model/facts.h"

/*
 * Sets what a VF has of its PF, the function `physical` that the link `physfn` of its folder leads
 * to: the PF's slot, which it also hangs on, its index, and the name of the PF's interface.
 */
void virtual_function_set(
	struct facts *facts, struct text_pool *pool, struct folder *folder, const char *physical);
