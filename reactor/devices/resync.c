/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/resync.h"

#include "base/clock.h"

#define QUIET	     (50 * CLOCK_MILLISECOND)
#define APART	     CLOCK_SECOND
#define LONGEST_WAIT (30 * CLOCK_SECOND)

void resync_want(struct resync *resync, int64_t now)
{
	if (!resync->wanted)
		resync->lost = now;
	resync->wanted = true;
	resync->quiet = now + QUIET;
}

void resync_postpone(struct resync *resync, int64_t now)
{
	resync->quiet = now + QUIET;
}

static int64_t longest_wait(const struct resync *resync)
{
	int64_t wait = CLOCK_SECOND;

	for (unsigned i = 0; i < resync->in_vain && wait < LONGEST_WAIT; i++)
		wait *= 2;
	return wait < LONGEST_WAIT ? wait : LONGEST_WAIT;
}

int64_t resync_deadline(const struct resync *resync)
{
	int64_t earliest = resync->began + APART;
	int64_t latest = resync->lost + longest_wait(resync);
	int64_t due = resync->quiet < latest ? resync->quiet : latest;

	if (!resync->wanted || resync->running)
		return CLOCK_NEVER;
	return due > earliest ? due : earliest;
}

void resync_begin(struct resync *resync, size_t left, int64_t now)
{
	resync->wanted = false;
	resync->running = true;
	resync->left = left;
	resync->began = now;
}

void resync_advance(struct resync *resync)
{
	if (resync->left > 0)
		resync->left--;
}

bool resync_end(struct resync *resync)
{
	if (!resync->running || resync->left > 0)
		return false;
	resync->running = false;
	resync->in_vain = resync->wanted ? resync->in_vain + 1 : 0;
	return !resync->wanted;
}
