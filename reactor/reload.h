/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules coming into force: at start, by SIGHUP, by a Reload call. All or nothing. */
#pragma once

#include "daemon.h"

/* A reload that was carried out in this turn and is replied to after its publication. */
struct reload {
	struct call *call; /* NULL: nobody asked over the socket */
	bool refused;
	struct vector moves;	   /* of struct move */
	struct rule_errors errors; /* why it was refused */
};

/*
 * Loads the rules at start. Files with errors: all are logged, and the last good copy is in force
 * instead, or no rules if there is none.
 */
void reload_at_start(struct daemon *daemon);

/*
 * Says what came of keeping a copy of the rules, if it is not what came of the last. A set that
 * cannot be kept is in force all the same: it is only lost to a start with errors.
 */
void reload_note_kept(struct daemon *daemon);

/* Carries out the next Reload call, or a SIGHUP, if there is one. */
void reload_if_wanted(struct daemon *daemon, struct reload *ret_reload);

/* Answers and forgets it. */
void reload_reply(struct reload *reload);

/* Logs every error as `file:line: what is wrong; what would be right`. */
void reload_log_errors(const struct rule_errors *errors);
