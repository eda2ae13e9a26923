/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A set of rules and groups as loaded: immutable, in order, replaced as a whole by a reload. All
 * texts are interned in the pool that the facts of devices use too.
 */
#pragma once

#include "model/facts.h"
#include "rules/rule.h"

/* Something legal that the author of the rules may not have meant. */
struct finding {
	const char *code;  /* stable, e.g. "empty-group" */
	const char *level; /* "warning" or "info" */
	struct text *file;
	unsigned line;
	struct text *message;
	struct text *fix;
};

struct ruleset {
	struct vector groups;	/* of struct resource_group, by name */
	struct vector rules;	/* of struct rule, by number */
	struct vector findings; /* of struct finding */
	struct vector
		properties; /* of struct text: KEY of every udev.KEY that is named, ascending */
	struct pattern_engine *engine; /* of the patterns in rules; NULL if it was not loaded */
	uint64_t limit_hits;	       /* match limits that its matchers saw being hit */
	struct matcher *matchers[KIND_COUNT]; /* NULL: no enabled rule of that kind */
};

/* Adds a copy of the finding, and takes over its texts. */
void ruleset_add_finding(struct ruleset *ruleset, struct finding finding);

/* A ruleset without groups and rules. */
struct ruleset *ruleset_new(void);
struct ruleset *ruleset_free(struct ruleset *ruleset);

/*
 * Adds a group that no file defines any more, without rules, for the instances that it has. One of
 * the same name makes way, and its rules; those that come after them get other numbers.
 */
void ruleset_keep_group(
	struct ruleset *ruleset, struct text *name, enum kind kind, struct text_pool *pool);

/* Takes such a group out again. */
void ruleset_drop_kept(struct ruleset *ruleset, const struct text *name);

const struct resource_group *ruleset_find_group(const struct ruleset *ruleset, const char *name);

/*
 * The first enabled rule, of any kind of the device, whose conditions all hold; NULL if none does.
 *
 * A value that is new to the matcher of a kind is held against all conditions on its field at once,
 * and a regex that runs into its match limit is counted then: once for the value in the ruleset,
 * and in each rule that has it. That takes up to 0.15 ms for each such regex, 1.5 s for 10,000 of
 * them.
 */
const struct rule *ruleset_decide(const struct ruleset *ruleset, const struct facts *facts);
