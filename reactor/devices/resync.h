/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When to look at everything again. Whoever finds that events may have been lost wants a resync; it
 * begins when the events have been quiet for 50 ms, since what a storm is about changes until it
 * ends. Under a storm that lasts it begins after a second all the same; if that one loses events
 * too, it was in vain, and the next waits 2, 4, ... up to 30 seconds for quiet. Between the starts
 * of two lies a second at least.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct resync {
	bool wanted; /* events may have been lost since the last one began */
	bool running;
	size_t left;	  /* looks that the running one still has to take */
	unsigned in_vain; /* in a row */
	int64_t began;	  /* the last one */
	int64_t lost;	  /* while wanted: when it was first */
	int64_t quiet;	  /* while wanted: when it has been quiet for long enough */
};

/* Events may have been lost; a running one is in vain. */
void resync_want(struct resync *resync, int64_t now);

/* Events came in. */
void resync_postpone(struct resync *resync, int64_t now);

/* When to begin; CLOCK_NEVER if none is wanted or one is running. */
int64_t resync_deadline(const struct resync *resync);

/* Everything is queued to be looked at: all that the queue holds, which is `left` looks. */
void resync_begin(struct resync *resync, size_t left, int64_t now);

/* A look was taken from the queue, which is first come first served. */
void resync_advance(struct resync *resync);

/* Ends the running one if nothing is left of it. True: it ended, and nothing was lost meanwhile. */
bool resync_end(struct resync *resync);
