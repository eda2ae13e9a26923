/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is asked of rules in tests alone: which one holds, in the plainest way, and all of them. */
#pragma once

#include "rules/ruleset.h"

/*
 * The first enabled one of `rules`, of any kind of the device, whose conditions all hold, or NULL:
 * in order, every condition. The matcher must say the same.
 */
const struct rule *rules_evaluate(const struct vector *rules, const struct facts *facts);

/* The whole set as one rule file, which loads again to the same rules. */
void rules_print(struct buffer *buffer, const struct ruleset *ruleset);
