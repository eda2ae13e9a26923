/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which present device an identity names, and so which one an instance holds: kept as devices come
 * and go.
 */
#pragma once

#include "claims/state.h"

/* The identity of this key, made if it is new. */
struct identity *holding_identity(struct claims *claims, const char *key);
struct identity *holding_free_identity(struct claims *claims, struct identity *identity);

/*
 * Follows the devices that came, differ or went since the last time, in the order in which they
 * did: what went is missing to its instance, what came is what an instance misses, or a twin, and
 * so are those that are named after it. Marks what is to be shown.
 */
void holding_follow(struct claims *claims);

/* Whether a claim can fix an identity for it now: it can be told, and no instance has it. */
bool holding_can_fix(const struct claims *claims, const struct device *device);

/* Has the device, and no other, be `identity`, of which there is no instance yet. */
void holding_bind(struct device *device, struct identity *identity);

/*
 * The instance was granted: other present devices that its identity names, too, are its twins, or,
 * if its own went meanwhile, one of them is its device. Two buses of one USB controller number
 * their ports alike, so such a device may have been there first.
 */
void holding_mark_twins(struct claims *claims, const struct instance *instance);

/* The instance is over: its device is nobody's, another's that misses it, or a twin of one. */
void holding_let_go(struct claims *claims, struct instance *instance);
