/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/rights.h"

#include <stdlib.h>

static bool in_group(const struct peer *peer, gid_t group)
{
	for (size_t i = 0; i < peer->group_count; i++)
		if (peer->groups[i] == group)
			return true;
	return false;
}

static bool is_admin(const struct rights *rights, const struct peer *peer)
{
	if (peer->uid == 0 || peer->uid == rights->own)
		return true;
	for (size_t i = 0; i < rights->admin_user_count; i++)
		if (peer->uid == rights->admin_users[i])
			return true;
	for (size_t i = 0; i < rights->admin_group_count; i++)
		if (in_group(peer, rights->admin_groups[i]))
			return true;
	return false;
}

bool rights_permit(const struct rights *rights, const struct peer *peer, enum right right)
{
	switch (right) {
	case RIGHT_READ:
		return true;
	case RIGHT_ADMIN:
		return is_admin(rights, peer);
	}
	return false;
}

bool rights_permit_claim(
	const struct rights *rights, const struct peer *peer, const struct text *group)
{
	(void)group;
	return is_admin(rights, peer);
}

void rights_done(struct rights *rights)
{
	free(rights->admin_users);
	free(rights->admin_groups);
	*rights = (struct rights){0};
}
