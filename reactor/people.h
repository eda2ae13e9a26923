/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of users and groups as numbers, asked of the system when a configuration or rules come into
 * force. A look-up may take seconds, or for ever (it may ask a network): so it is a step of its
 * own, on copies, for a thread that the loop does not wait for.
 */
#pragma once

#include "claims/rights.h"
#include "rules/ruleset.h"

enum {
	PEOPLE_UNKNOWN = 1, /* there is nobody of that name */
};

/* Adds the user `name`, or, of @NAME, the group. 0 or PEOPLE_UNKNOWN. */
int people_add(struct people *people, const char *name);

/* Adds the group. 0 or PEOPLE_UNKNOWN. */
int people_add_group(struct people *people, const char *name);

/* What the `allow` of each group of `ruleset` says, for people_look_up. */
struct vector *people_admissions(const struct ruleset *ruleset);

/* Looks every name up: may take long, and shares nothing with other threads. */
void people_look_up(struct vector *admissions);

/*
 * Whom the groups allow now, in place of what was allowed before, once it was looked up. A name
 * that is unknown admits nobody, and is logged. Takes `admissions` over.
 */
void people_allow(struct vector *admissions, struct rights *rights);

struct vector *people_admissions_free(struct vector *admissions);
