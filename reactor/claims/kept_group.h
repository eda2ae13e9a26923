/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Groups that have instances cannot go, nor become others: a reload that would have it so is
 * refused. At a start there is no choice, and they are kept for as long as they have any.
 */
#pragma once

#include "claims/state.h"
#include "rules/load.h"

/* Adds an error for each group with instances that `ruleset` lacks or has with another kind. */
void kept_group_check(
	const struct claims *claims, const struct ruleset *ruleset, struct rule_errors *errors);

/*
 * At start, before there is any device: groups with instances that the rules in force lack, or have
 * with another kind, stay, without rules, until the last instance goes.
 */
void kept_group_keep(struct claims *claims);

/* An instance went: a group that was kept for it goes, too, and who waits there is told. */
void kept_group_drop(struct claims *claims, const struct text *name);
