/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conditions as text that loads again to the same conditions. */
#pragma once

#include "base/buffer.h"
#include "rules/ruleset.h"

/* A rule's conditions in one line, as `match = ( ... )` holds them. */
void print_match(struct buffer *buffer, const struct rule *rule);
