/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may do what: the one function that decides it. A second door with a policy of its own is how
 * usbguard got its CVE, so every way in asks here.
 */
#pragma once

#include "base/text.h"
#include "base/vector.h"

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
	RIGHT_READ,	/* whoever could connect */
	RIGHT_ADMIN,	/* root, the daemon's own uid, the configured admins */
	RIGHT_CLAIM,	/* from a group: whom its `allow` names, and admins */
	RIGHT_INSTANCE, /* to change or release one: its uid, and admins */
};

/* What it is about, of the rights that are about something. */
struct right_subject {
	const struct text *group; /* of RIGHT_CLAIM: its name */
	int64_t uid;		  /* of RIGHT_INSTANCE: the instance's */
};

/* Users and unix groups, as numbers. */
struct people {
	uid_t *users;
	size_t user_count;
	gid_t *groups;
	size_t group_count;
};

/* Whom a resource group's `allow` names. */
struct allowance {
	char *group;
	struct people people;
};

/* Names are made numbers where they are configured (people.h), never while a call waits. */
struct rights {
	uid_t own;
	struct people admins;	  /* as configured */
	struct vector allowances; /* of struct allowance, owned, by name of the group */
};

/* `subject` is NULL with RIGHT_READ and RIGHT_ADMIN. A group that nobody is allowed: admins only.
 */
bool rights_permit(const struct rights *rights, const struct peer *peer, enum right right,
	const struct right_subject *subject);

/* Appends an allowance of nobody yet; groups come in the order of their names. */
struct people *rights_allow(struct rights *rights, const char *group);

/* Forgets all of them. */
void rights_allow_nobody(struct rights *rights);

void people_done(struct people *people);
void rights_done(struct rights *rights);
