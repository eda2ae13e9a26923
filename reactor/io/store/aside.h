/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to io/store. Files of a damaged database are moved to hostdevd.db.damaged-TIME, once. A
 * mark file stands from before that until the new database is complete: a start that is cut off in
 * between must not look like a fresh one to the next, and what it had begun is no second loss.
 */
#pragma once

#include <stdint.h>

enum aside_mark {
	ASIDE_NO_MARK,
	ASIDE_MOVING, /* what there is may be the damaged one, or part of it */
	ASIDE_MOVED,  /* what there is was begun since, and never complete */
};

enum aside_mark aside_mark(const char *database);

/* Size of the file of the database with this suffix; -1: there is none. */
int64_t aside_size(const char *database, const char *suffix);

/*
 * Moves all files of the database, or removes what was begun since they were moved; the mark is
 * ASIDE_MOVED then. 0 or -errno.
 */
int aside_move(const char *database);

/* The new database is complete. 0 or -errno. */
int aside_end(const char *database);
