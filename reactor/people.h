/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of users and groups as numbers, asked of the system when a configuration or rules come into
 * force: a look-up may take seconds (it may ask a network), so never in a turn that serves calls.
 */
#pragma once

#include "claims/rights.h"
#include "rules/ruleset.h"

enum {
	PEOPLE_UNKNOWN = 1, /* there is nobody of that name */
};

/* Adds the user `name`, or, of @NAME, the group. 0 or PEOPLE_UNKNOWN. */
int people_add(struct people *people, const char *name);

/*
 * Whom the groups of `ruleset` allow now, in place of what was allowed before. A name that is
 * unknown admits nobody, and is logged.
 */
void people_allow(const struct ruleset *ruleset, struct rights *rights);
