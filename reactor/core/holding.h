/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which present device an identity names, and so which one an instance holds: kept as devices come
 * and go. The other files of claims read it.
 */
#pragma once

#include "core/core.h"
#include "core/membership.h"

/* The identity of this key, made if it is new. */
struct identity *holding_identity(struct core *core, const char *key);
struct identity *holding_free_identity(struct core *core, struct identity *identity);

/* `name` (taken over) has it, or had it last. */
void holding_set_owner(struct core *core, struct identity *identity, struct text *name);

/* The owner of this name if it had any identity last, or NULL. */
const struct owner *holding_find_owner(const struct core *core, const struct text *name);

/*
 * The device arrived, or something of it differs: finds what it returns to, and what the devices
 * return to that are named after it.
 */
void holding_attach(struct core *core, struct device *device);

/* Whether a claim can fix an identity for it now: it can be told, and no instance has it. */
bool holding_can_fix(struct core *core, const struct device *device);

/* The device is gone: its instance is missing from now on. */
void holding_detach(struct core *core, struct device *device);

/* Has the device, and no other, be `identity`, of which there is no instance yet. */
void holding_bind(struct device *device, struct identity *identity);

/*
 * The instance was granted: other present devices that its identity names, too, are its twins, or,
 * if its own went meanwhile, one of them is its device. Two buses of one USB controller number
 * their ports alike, so such a device may have been there first.
 */
void holding_mark_twins(struct core *core, const struct instance *instance);

/* The instance is over: its device is nobody's, another's that misses it, or a twin of one. */
void holding_let_go(struct core *core, struct instance *instance);

/* Looks again at devices that an identity was in the way of. */
void holding_retry_twins(struct core *core);

/* The instance that holds the device, pending ones too; NULL: it is nobody's. */
struct instance *holding_of(const struct device *device);

/*
 * What the rules found, as it counts for this device: membership is frozen while it is an instance,
 * and a second device of an instance's identity is blocked. The view gets instance and reasons.
 */
struct membership holding_overrule(
	struct core *core, struct device *device, struct membership found);
