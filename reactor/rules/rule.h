/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule, and the group that it fills, as their files define them. */
#pragma once

#include "model/reason.h"
#include "rules/condition.h"

#include <stdbool.h>
#include <stdint.h>

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

struct resource_group *group_free(struct resource_group *group);
struct rule *rule_free(struct rule *rule);

/* The one of them that comes first; NULL is none. */
static inline const struct rule *rule_first(const struct rule *left, const struct rule *right)
{
	if (!left || !right)
		return left ? left : right;
	return left->number < right->number ? left : right;
}
