/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether udevd still repeats what the kernel says. A udevd that is stopped, dead, never there or
 * in another network namespace is silent without any error, so the kernel's own events are read
 * beside its: what udev has not repeated within five seconds it owes.
 *
 * Time is an argument and the next deadline a result: there is nothing to wait for while nothing is
 * owed.
 */
#pragma once

#include "base/list.h"
#include "base/map.h"

#include <stdbool.h>
#include <stdint.h>

/* SEQNUMs that are remembered when udev's message was read before the kernel's; a power of two. */
#define SILENCE_AHEAD 1024

struct looking;

struct silence {
	bool silent;			  /* kernel events count */
	int64_t heard;			  /* when udev said anything last */
	int64_t busy_from;		  /* what it has owed since it was last heard; 0: nothing */
	uint64_t repeated[SILENCE_AHEAD]; /* SEQNUMs, each in the place of its lowest bits */
	struct list_link debts;		  /* of struct debt, oldest first */
	struct map by_id;		  /* the same */
};

void silence_init(struct silence *silence);
void silence_done(struct silence *silence);

/*
 * The kernel said with SEQNUM `number` that the device `id` is to be looked at. True: udev will say
 * so too, or has. False: it must be looked at now, because udev is silent or owes too much to
 * remember more.
 */
bool silence_expect(struct silence *silence, const char *id, uint64_t number, int64_t now);

/* udev said with SEQNUM `number` that `id` is to be looked at, which settles what is older too. */
void silence_settle(struct silence *silence, const char *id, uint64_t number, int64_t now);

/* udev said something, which ends a silence. */
void silence_hear(struct silence *silence, int64_t now);

/*
 * To be asked when nothing of udev's is left to be read. What has been owed for five seconds is
 * queued in `looks`, or, if udev has said nothing meanwhile, the silence begins and all is
 * forgiven: a resync is due then, as it is when a silence ends. `busy`: udevd has events in its
 * queue, so it is slow, for a minute.
 */
void silence_check(struct silence *silence, struct looking *looks, bool busy, int64_t now);

/* When to check next; CLOCK_NEVER if nothing is owed. */
int64_t silence_deadline(const struct silence *silence);
