/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules coming into force: at start, by SIGHUP, by a Reload call. All or nothing.
 *
 * A reload loads the files in one piece, then has every device decided by the new rules in slices,
 * one in each turn, and in the turn of the last slice swaps the rules, publishes, and replies.
 * Until then the old rules decide, and are all that is shown. Looking names of users and
 * groups up may take long: a helper does it meanwhile, and the swap waits for it. Reloads are
 * carried out one after another, each with the files as they are when its turn has come.
 */
#pragma once

#include "base/vector.h"
#include "rules/load.h"

struct daemon;

struct reload {
	enum reload_step {
		RELOAD_NONE,
		RELOAD_CONFIGURING, /* the helper reads the configuration */
		RELOAD_STAGING,	    /* devices are decided, the helper looks names up */
		RELOAD_ADMITTING,   /* the rules stay, the helper looks their names up */
		RELOAD_OVER,	    /* in this turn: to be replied to after its publication */
	} step;
	struct call *call; /* NULL: nobody asked over the socket */
	bool refused;
	struct vector *admissions; /* once they were looked up; NULL: not yet */
	struct vector texts;	   /* of struct rule_text: the files, to be kept once in force */
	struct vector moves;	   /* of struct move */
	struct rule_errors errors; /* why it was refused */
};

/*
 * Loads the rules at start. Files with errors: all are logged, and the last good copy is in force
 * instead, or no rules if there is none. Names are then looked up as in a reload.
 */
void reload_at_start(struct daemon *daemon);

/*
 * Says what came of keeping a copy of the rules, if it is not what came of the last, and when it is
 * to be tried again. A set that cannot be kept is in force all the same: it is only lost to a start
 * with errors.
 */
void reload_note_kept(struct daemon *daemon, int64_t now);

/* Begins the next Reload call, or a SIGHUP, if there is one; does a turn's share of it. */
void reload_follow(struct daemon *daemon);

/* Answers and forgets the one that is over. */
void reload_reply(struct daemon *daemon);

/* Whether there is something to do for one: run another turn without waiting. */
bool reload_is_busy(const struct daemon *daemon);

/*
 * Whether devices must not be looked at until the rules are swapped: they change faster than the
 * new rules decide them, and the reload would never end. So it ends with at most three decisions
 * for each device on average, or soon after names were looked up, and the loop never stands still;
 * events are received all the while.
 */
bool reload_holds_looks(const struct daemon *daemon);

void reload_done(struct reload *reload);

/* Logs every error as `file:line: what is wrong; what would be right`. */
void reload_log_errors(const struct rule_errors *errors);
