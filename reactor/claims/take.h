/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A Claim, from what it asks to the instances it makes. Everything is looked up anew each time it
 * is tried: while it waited the rules, the owner's other instances and its rights may have changed.
 */
#pragma once

#include "claims/state.h"

/* A Claim as it comes in, or when it was parked: decides it, queues it, or refuses it. */
void take_begin(struct claims *claims, struct request *request, int64_t now);

/* Tries the heads of the queues that something may be free for. */
void take_serve_queues(struct claims *claims, int64_t now);
