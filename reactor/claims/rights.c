/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claims/rights.h"

#include "base/memory.h"

#include <string.h>

static bool is_among(const struct people *people, const struct peer *peer)
{
	for (size_t i = 0; i < people->user_count; i++)
		if (people->users[i] == peer->uid)
			return true;
	for (size_t i = 0; i < people->group_count; i++)
		for (size_t k = 0; k < peer->group_count; k++)
			if (people->groups[i] == peer->groups[k])
				return true;
	return false;
}

static bool is_admin(const struct rights *rights, const struct peer *peer)
{
	return peer->uid == 0 || peer->uid == rights->own || is_among(&rights->admins, peer);
}

static int compare_group(const void *name, const void *item)
{
	const struct allowance *allowance = *(struct allowance *const *)item;

	return strcmp(name, allowance->group);
}

static bool is_allowed(
	const struct rights *rights, const struct peer *peer, const struct text *group)
{
	const struct vector *allowances = &rights->allowances;
	struct allowance *const *found = NULL;

	if (allowances->count > 0)
		found = bsearch(group->bytes, allowances->items, allowances->count,
			sizeof(*allowances->items), compare_group);
	return found && is_among(&(*found)->people, peer);
}

bool rights_permit(const struct rights *rights, const struct peer *peer, enum right right,
	const struct right_subject *subject)
{
	if (right == RIGHT_READ || is_admin(rights, peer))
		return true;
	switch (right) {
	case RIGHT_READ:
	case RIGHT_ADMIN:
		return false;
	case RIGHT_CLAIM:
		return is_allowed(rights, peer, subject->group);
	case RIGHT_INSTANCE:
		return subject->uid == (int64_t)peer->uid;
	}
	return false;
}

struct people *rights_allow(struct rights *rights, const char *group)
{
	struct allowance *allowance = memory_allocate(sizeof(*allowance));

	allowance->group = memory_duplicate(group);
	vector_add(&rights->allowances, allowance);
	return &allowance->people;
}

void rights_allow_nobody(struct rights *rights)
{
	for (size_t i = 0; i < rights->allowances.count; i++) {
		struct allowance *allowance = rights->allowances.items[i];

		people_done(&allowance->people);
		free(allowance->group);
		free(allowance);
	}
	vector_done(&rights->allowances);
}

void people_done(struct people *people)
{
	free(people->users);
	free(people->groups);
	*people = (struct people){0};
}

void rights_done(struct rights *rights)
{
	people_done(&rights->admins);
	rights_allow_nobody(rights);
	*rights = (struct rights){0};
}
