/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims: who has which device. A claim crosses two turns.
 * *Decide* picks devices and marks them held by instances that are decided: not offered, shown as
 * before, membership frozen. All decisions of a turn become one batch; one batch is being written
 * at a time. *Apply*: when the batch is back its operations become visible, in its order; if it
 * failed they are undone. Nothing is granted from memory.
 *
 * While an operation about an instance is on its way, other requests about it are parked until it
 * is back. So each operation is decided on what is committed, and undoing one undoes no other.
 */
#pragma once

#include "claims/state.h"

/* Starts without instances. `devices` must outlive it; `rights` may come later. */
void claims_init(struct claims *claims, struct devices *devices);
void claims_done(struct claims *claims);

/*
 * Takes up what the store had, before the first device is seen; `real` is the real time at `now`.
 * Devices are found for instances as they are seen; claims_start_missing marks those that were not,
 * after the first scan.
 */
void claims_restore(struct claims *claims, const struct stored *stored, int64_t now, int64_t real);
void claims_start_missing(struct claims *claims, int64_t now);

/*
 * Follows the devices that came, differ or went: finds out who has them, has everything that was
 * touched shown, and notes who may wait for it. After arrivals, and after finished commits.
 */
void claims_follow(struct claims *claims);

/* Other rules came into force. */
void claims_follow_rules(struct claims *claims);

/* Takes the request over; its answer comes from answer_take. */
void claims_request(struct claims *claims, struct request *request, int64_t now);

/* Ends what is over, serves queues, retries. Before operation_take_batch in each turn. */
void claims_turn(struct claims *claims, int64_t now);

/* When claims_turn has something to do even if nothing happens; CLOCK_NEVER. */
int64_t claims_deadline(const struct claims *claims);

/*
 * Ends a turn: appends all differences of devices and instances since the last time, in the order
 * of reactor/README.md, and has answers describe what they are about.
 */
void claims_settle(struct claims *claims, struct delta *ret_delta);
