/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A match as clauses, one of which must hold: each is a set of literals that must all hold, and a
 * literal looks at one field only. That is the form in which fields can be judged apart
 * (matcher.h).
 */
#pragma once

#include "rules/condition.h"

#define CLAUSE_MOST 64u /* of one rule, so that a set of its clauses is a word */

/* A condition all of whose tests name the same field, or its negation. */
struct literal {
	const struct condition *condition; /* borrowed from the match */
	bool negated;			   /* holds exactly where the condition does not */
	uint64_t clauses;		   /* bit i: clause i requires it */
};

struct clause_list {
	struct literal *literals;
	size_t count;	  /* of literals */
	unsigned clauses; /* 1 to CLAUSE_MOST */
};

/* How many clauses the match makes; CLAUSE_MOST + 1 stands for all that are more. */
unsigned clause_count(const struct condition *match);

/* The clauses of a match that makes at most CLAUSE_MOST; clause_list_done frees what is in it. */
void clause_split(const struct condition *match, struct clause_list *ret_list);
void clause_list_done(struct clause_list *list);

/* Some test of the condition: in a literal, each of them names the field that this one does. */
const struct condition *clause_test(const struct condition *condition);
