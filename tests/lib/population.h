/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random devices and rules for property tests: PCI functions with siblings in their slot, a PF with
 * VFs, a VF with vGPU types, and USB sticks, some of them alike, that move between ports. What is
 * present is kept as words (lib/world.h), so that others can be shown the same.
 */
#pragma once

#include "lib/world.h"

#define POPULATION_PLACES 17
#define POPULATION_GROUPS 6

/* xorshift64: any state but 0. */
struct chance {
	uint64_t state;
};

unsigned chance_below(struct chance *chance, unsigned limit);
bool chance_in(struct chance *chance, unsigned limit); /* one in so many */

struct population {
	struct chance *chance;
	char *words[POPULATION_PLACES]; /* of what is there; NULL: nothing */
	int thing[POPULATION_PLACES];	/* stick in a USB port */
	uint64_t lives;
	char *rules; /* text of those in force */
	bool whole_slots;
};

extern const char *const population_ids[POPULATION_PLACES];
extern const char *const population_groups[POPULATION_GROUPS];

void population_init(struct population *fleet, struct chance *chance);
void population_done(struct population *fleet);

/* Something arrives at, changes in, goes from or is replaced in a place. Returns what, for a log.
 */
const char *population_step(struct population *fleet, struct world *world, unsigned place);

/* Shows another world everything that is present, in a random order. */
void population_show(struct population *fleet, struct world *world);

/* The text of random rules; the caller frees it. `whole` allows groups that give whole slots. */
char *population_rules(struct population *fleet, bool whole);
