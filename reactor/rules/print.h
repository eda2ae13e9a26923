/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules as text that loads again to the same rules. */
#pragma once

#include "base/buffer.h"
#include "rules/ruleset.h"

/* A rule's conditions in one line, as `match = ( ... )` holds them. */
void print_match(struct buffer *buffer, const struct rule *rule);

/* The whole set as one rule file. */
void print_ruleset(struct buffer *buffer, const struct ruleset *ruleset);
