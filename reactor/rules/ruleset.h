/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A set of rules and groups as loaded: immutable, in order, replaced as a whole by a reload. All
 * texts are interned in the pool that the facts of devices use too.
 */
#pragma once

#include "base/buffer.h"
#include "base/text.h"
#include "base/vector.h"
#include "model/field.h"
#include "model/reason.h"
#include "rules/op.h"

#include <stdbool.h>
#include <stdint.h>

enum condition_type {
	CONDITION_TEST, /* one field, one operator, one value */
	CONDITION_ANY,
	CONDITION_ALL,
	CONDITION_NOT, /* exactly one child */
};

struct condition {
	enum condition_type type;
	struct vector children; /* of struct condition, owned; empty for a test */

	/* of a CONDITION_TEST */
	enum field field;      /* FIELD_COUNT: the udev property `property` */
	struct text *property; /* KEY of udev.KEY */
	enum value_type value_type;
	enum op op;
	struct text *value;	 /* what the field is held against, in its text form */
	struct pattern *pattern; /* of OP_REGEX and OP_CONTAINS_NOCASE */
};

/* A setting that a group may leave as it is. */
enum group_switch {
	SWITCH_UNSET,
	SWITCH_OFF,
	SWITCH_ON,
};

/* What a claimed NIC VF is set to; what is unset stays as it is. */
struct group_vf {
	struct text *mac; /* 52:54:00:12:34:56; NULL: unset */
	int64_t vlan;	  /* 0: untagged; -1: unset */
	int64_t rate;	  /* most that it sends, in Mbit/s; 0: no limit; -1: unset */
	enum group_switch trust;
	enum group_switch spoofchk;
};

/* A resource group as its rule file defines it; rules.d/ shows every key. */
struct resource_group {
	struct text *name;
	enum kind kind;
	struct text *description; /* may be empty */
	struct text *driver;	  /* `vfio-pci`, `keep` or another; usb, vgpu: `keep` */
	bool bind_on_join;
	bool all_functions;
	enum group_select { SELECT_FIRST, SELECT_SPREAD, SELECT_PACK } select;
	struct vector allow;  /* of struct text: users and @groups */
	struct vector owners; /* of struct group_owner */
	unsigned unsafe;      /* 1 << enum reason: those that it overrides */
	int64_t return_grace; /* seconds; -1: until its owner lets go */
	struct group_vf vf;   /* of kind sriov-nic */
	bool cdi;
	bool kept;	   /* no file defines it so; it stays for its instances */
	struct text *file; /* of one that is kept: where it is of another kind; else empty */
	unsigned line;
};

struct group_owner {
	struct text *pattern; /* vm:NAME or tenant:NAME, a shell pattern */
	int64_t most;	      /* -1: as many as there are */
};

struct rule {
	unsigned number; /* from 1, over all files, disabled ones too */
	struct text *name;
	const struct resource_group *group;
	bool enabled;
	struct condition *match; /* CONDITION_ALL of the rule's conditions */
	struct text *file;
	unsigned line;
	bool limit_hit;	     /* a regex of it ran into its match limit at least once */
	bool limit_reported; /* whoever logs that sets this */
};

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
struct condition *condition_new(enum condition_type type);
struct condition *condition_free(struct condition *condition);

/* Appends what a rule file calls the field of a CONDITION_TEST: `slot`, `udev.ID_SERIAL`. */
void condition_field_name(const struct condition *test, struct buffer *ret_name);

struct resource_group *group_free(struct resource_group *group);
struct rule *rule_free(struct rule *rule);

/*
 * Adds a group that no file defines any more, without rules, for the instances that it has. One of
 * the same name makes way, and its rules; those that come after them get other numbers.
 */
void ruleset_keep_group(
	struct ruleset *ruleset, struct text *name, enum kind kind, struct text_pool *pool);

/* Takes such a group out again. */
void ruleset_drop_kept(struct ruleset *ruleset, const struct text *name);

const struct resource_group *ruleset_find_group(const struct ruleset *ruleset, const char *name);
