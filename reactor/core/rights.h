/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may do what: the one function that decides it. A second door with a policy of its own is how
 * usbguard got its CVE, so every way in asks here.
 */
#pragma once

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The other end of a connection, from SO_PEERCRED and SO_PEERGROUPS. */
struct peer {
	pid_t pid;
	uid_t uid;
	gid_t *groups; /* the primary one too */
	size_t group_count;
};

enum right {
	RIGHT_READ,  /* whoever could connect */
	RIGHT_ADMIN, /* root, the daemon's own uid, the configured admins */
};

/* The configured `admins`, as numbers. */
struct rights {
	uid_t own;
	uid_t *admin_users;
	size_t admin_user_count;
	gid_t *admin_groups;
	size_t admin_group_count;
};

bool rights_permit(const struct rights *rights, const struct peer *peer, enum right right);
bool rights_permit_claim(
	const struct rights *rights, const struct peer *peer, const struct text *group);
void rights_done(struct rights *rights);
