/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The listening socket in the file system: making it without taking another's, and removing it. */
#pragma once

#include <sys/types.h>

/* Which file the socket is, so that only this one is removed. */
struct listen_place {
	dev_t device;
	ino_t inode;
};

enum {
	LISTEN_NO_GROUP = 1,  /* only for the owner, since there is no such group */
	LISTEN_NOT_GIVEN = 2, /* only for the owner, since it may not be given to the group */
};

/*
 * Listens on `path`, whose folder is made if it is missing (0755). A socket that nobody answers on
 * is replaced; -EADDRINUSE if somebody does, -ENOTSOCK if `path` is anything else, -ENAMETOOLONG
 * if it does not fit an address (107 bytes).
 *
 * Readable and writable for the owner and `reader_group`, and at no moment for more. Without such
 * a group (NULL), or if it may not be given to it, for the owner only: LISTEN_NO_GROUP,
 * LISTEN_NOT_GIVEN.
 * The caller owns the descriptor, which does not block.
 */
int listen_open(const char *path, const gid_t *reader_group, struct listen_place *ret_place,
	int *ret_descriptor);

/*
 * Gives the socket to another reader group, or to its owner only, as listen_open. -ENOENT if
 * `path` is no longer the socket of that place.
 */
int listen_regroup(const char *path, const gid_t *reader_group, const struct listen_place *place);

/* Removes `path` if it is still the socket of that place. */
void listen_remove(const char *path, const struct listen_place *place);
