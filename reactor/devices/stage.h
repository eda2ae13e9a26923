/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules that are not in force yet, and what each present device will be under them. devices.c
 * decides; here is kept what was decided, and which devices it is still to be decided for.
 */
#pragma once

#include "base/list.h"
#include "model/inventory.h"
#include "rules/ruleset.h"

/* What a device will be. */
struct next {
	struct list_link link; // stage::pending, until it is decided
	struct device *device;
	struct facts *facts; /* if the rules' udev properties make them other ones, or NULL */
	const struct rule *verdict; /* of the staged rules */
};

struct stage {
	struct ruleset *ruleset;  /* owned; NULL: none are staged */
	bool other_keys;	  /* they name other udev properties than those in force */
	size_t decisions;	  /* so far, of a device that changed several ones */
	struct list_link pending; /* of struct next; who changed last is last */
};

void stage_init(struct stage *stage);

/* Takes over `ruleset` in place of what was staged. Every present device is to be decided. */
void stage_begin(struct stage *stage, struct ruleset *ruleset, const struct vector *keys_in_force,
	const struct inventory *inventory);

/* The present `device` is to be decided (again), if rules are staged. */
void stage_mark(struct stage *stage, struct device *device);

/* The device is gone. */
void stage_forget(struct device *device);

/* The first device that is to be decided, or NULL. */
struct device *stage_next(const struct stage *stage);

/* It is decided. Takes `facts` over; NULL, or facts equal to those it has: they stay. */
void stage_decided(struct stage *stage, struct device *device, struct facts *facts,
	const struct rule *verdict);

/* Forgets what was decided, and hands the rules over; NULL: none were staged. */
struct ruleset *stage_end(struct stage *stage, const struct inventory *inventory);
