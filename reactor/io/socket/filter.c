/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/socket/filter.h"

#define FOR_EVERYBODY (1u << EVENT_READY | 1u << EVENT_RESYNC | 1u << EVENT_RULES_RELOADED)

_Static_assert(EVENT_TYPE_COUNT <= 32, "a filter keeps the types in an unsigned");

static bool names_group(const struct filter *filter, const struct text *group)
{
	for (size_t i = 0; group && i < filter->groups.count; i++)
		if (filter->groups.items[i] == group)
			return true;
	return false;
}

bool filter_passes(const struct filter *filter, const struct filter_subject *subject)
{
	unsigned type = 1u << subject->type;

	if (type & FOR_EVERYBODY)
		return true;
	if (filter->types && !(filter->types & type))
		return false;
	if (filter->kinds && !(filter->kinds & subject->kinds))
		return false;
	return filter->groups.count == 0 || names_group(filter, subject->group_before) ||
	       names_group(filter, subject->group_after);
}

void filter_done(struct filter *filter)
{
	text_vector_done(&filter->groups);
	*filter = (struct filter){0};
}
