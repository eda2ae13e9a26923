/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/membership.h"

struct membership membership_decide(const struct ruleset *ruleset, const struct facts *facts)
{
	const struct rule *rule = matcher_decide(ruleset, facts);

	if (!rule)
		return (struct membership){.state = STATE_UNMATCHED};
	return (struct membership){rule->group->name, rule->name, rule->number, STATE_AVAILABLE};
}
