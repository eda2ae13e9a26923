/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/socket/peer.h"

#include "base/error.h"
#include "base/memory.h"

#include <sys/socket.h>

/* The supplementary groups, with room for one more before them. */
static int read_groups(int descriptor, gid_t **ret_groups, size_t *ret_count)
{
	gid_t *groups = NULL;
	socklen_t size = 16 * sizeof(*groups);
	int error = -ERANGE;

	while (error == -ERANGE) { /* the kernel puts the needed size into `size` */
		groups = memory_resize(groups, size / sizeof(*groups) + 1, sizeof(*groups));
		error = getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, groups + 1, &size)
				? error_from_errno()
				: 0;
	}
	if (error < 0) {
		free(groups);
		return error;
	}
	*ret_groups = groups;
	*ret_count = size / sizeof(*groups) + 1;
	return 0;
}

int peer_read(int descriptor, struct peer *ret_peer)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);
	struct peer peer;
	int error;

	if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return error_from_errno();
	error = read_groups(descriptor, &peer.groups, &peer.group_count);
	if (error < 0)
		return error;
	peer.groups[0] = credentials.gid;
	peer.pid = credentials.pid;
	peer.uid = credentials.uid;
	*ret_peer = peer;
	return 0;
}

void peer_done(struct peer *peer)
{
	free(peer->groups);
	*peer = (struct peer){0};
}
