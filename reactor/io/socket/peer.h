/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is at the other end of a Unix socket, as the kernel noted it when it connected. */
#pragma once

#include "claims/rights.h"

/* From SO_PEERCRED and SO_PEERGROUPS. The caller owns the groups: peer_done. */
int peer_read(int descriptor, struct peer *ret_peer);
void peer_done(struct peer *peer);
