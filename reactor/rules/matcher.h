/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of one kind, made ready to decide: which is the first that holds for a device? The
 * answer is that of the plain evaluator (evaluate.h), and does not cost a walk over the rules.
 *
 * What it learns of a value is kept until the value's text has gone, that is, until neither a
 * device nor a rule has it. Two rulesets may decide side by side.
 */
#pragma once

#include "model/facts.h"
#include "rules/ruleset.h"

struct matcher;

/*
 * A matcher for the enabled rules of `kind`; NULL if there are none. The ruleset, whose texts are
 * in `pool`, must be complete, and stays as it is while the matcher lives.
 */
struct matcher *matcher_new(struct ruleset *ruleset, enum kind kind, struct text_pool *pool);
struct matcher *matcher_free(struct matcher *matcher);

/*
 * The first enabled rule, of any kind of the device, whose conditions all hold; NULL if none does.
 *
 * A value that is new to it is held against all conditions on its field at once, and a regex that
 * runs into its match limit is counted then: once for the value in the ruleset, and in each rule
 * that has it. That takes up to 0.15 ms for each such regex, 1.5 s for 10,000 of them.
 */
const struct rule *matcher_decide(const struct ruleset *ruleset, const struct facts *facts);
