/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices and claims without descriptors, for tests: rules from text, devices from `field=value`
 * words. */
#pragma once

#include "claims/claims.h"
#include "rules/load.h"

struct world {
	struct text_pool pool;
	struct counters counters;
	struct devices devices;
	struct claims claims;
};

void world_init(struct world *world);
void world_done(struct world *world);

/* The rules of one text. NULL if it has errors, which are then printed. */
struct ruleset *world_load(struct world *world, const char *rules);

/* Puts `ruleset` (taken over) in force in one go; ret_moves as devices_swap_rules. */
void world_put_in_force(struct claims *claims, struct ruleset *ruleset, struct vector *ret_moves);

/* Puts the rules of one text in force before there is anything to tell; aborts on errors. */
void world_set_rules(struct world *world, const char *rules);

/*
 * Facts from words separated by blanks: the id, then `life=N`, `name=...`, `parent=ID`,
 * `kind=KIND` for one kind more, `offers=vgpus`, or `FIELD=VALUE` of a kind that it has so far; `_`
 * in a value stands for a blank. The caller owns them.
 */
struct facts *world_facts(struct world *world, const char *words);

/* What one look found: facts as above with ` | ` between them, the candidates' in order. */
void world_see_all(struct world *world, const char *words);
