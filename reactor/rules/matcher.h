/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of one kind, made ready to decide: which is the first that holds for a device? The
 * answer is that of the plain evaluator (evaluate.h), and does not cost a walk over the rules.
 *
 * What it learns of a value is kept until the value's text has gone, that is, until neither a
 * device nor a rule has it. Those of two rulesets may decide side by side.
 */
#pragma once

#include "model/facts.h"
#include "rules/rule.h"

struct matcher;

/*
 * A matcher for the enabled ones of `kind` among `rules` (of struct rule); NULL if there are none.
 * Their texts are in `pool`. They must be complete, and stay as they are while the matcher lives;
 * match limits that it sees being hit are added to *limit_hits as long.
 */
struct matcher *matcher_new(
	const struct vector *rules, enum kind kind, struct text_pool *pool, uint64_t *limit_hits);
struct matcher *matcher_free(struct matcher *matcher);

/*
 * The first of those rules whose conditions all hold; NULL if none does.
 *
 * A value that is new is held against all conditions on its field at once, and a regex that runs
 * into its match limit is counted then: once for the value, and in each rule that has it. That
 * takes up to 0.15 ms for each such regex, 1.5 s for 10,000 of them.
 */
const struct rule *matcher_decide(struct matcher *matcher, const struct facts *facts);
