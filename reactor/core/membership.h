/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which group a device belongs to (SPEC section 5), and the state that follows (section 6). */
#pragma once

#include "model/device.h"
#include "rules/matcher.h"

struct membership {
	struct text *group; /* borrowed from the ruleset; NULL: no rule holds */
	struct text *rule;
	unsigned rule_number;
	enum device_state state;
};

/* The group of the first enabled rule, of any kind of the device, that holds. */
struct membership membership_decide(const struct ruleset *ruleset, const struct facts *facts);
