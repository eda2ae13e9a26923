/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The edge of claims: what clients ask, the disk has written, and processes and connections do,
 * handed to claims/ in the turn; and what claims/ decided, handed to the disk, and answered when it
 * has been published.
 */
#pragma once

#include "model/process.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct daemon;
struct processes;

struct requests {
	struct processes *processes; /* that instances live as long as */
	struct process *wanted;	     /* of those, all that are to be watched */
	size_t wanted_count;
	int64_t watch_retry; /* not all of them are watched: when to try again; CLOCK_NEVER */
	bool process_ended;  /* a flag that a callback sets and the turn clears */
};

/* Negative: an error that was logged. */
int requests_start(struct daemon *daemon);
void requests_done(struct requests *requests);

/* Takes up the instances that the store had, before the rules and the first device. */
int requests_restore(struct daemon *daemon);

/* Everything up to the publication. */
void requests_follow(struct daemon *daemon, int64_t now);

/* What came of them, after it. */
void requests_answer(struct daemon *daemon);

/* When requests_follow has something to do even if nothing happens; CLOCK_NEVER. */
int64_t requests_deadline(const struct daemon *daemon);
