/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Group of org.hostdevd.varlink as JSON: what its devices, instances and rules add up to. */
#pragma once

#include "claims/state.h"

/* Appends one text for each group, by name. */
void describe_groups(const struct claims *claims, struct vector *ret_texts);
