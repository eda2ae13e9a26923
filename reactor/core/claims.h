/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims: who has which device (SPEC section 7, DESIGN section 4). A claim crosses two turns.
 * *Decide* picks devices and marks them held by pending instances: not offered, shown as before,
 * membership frozen. All decisions of a turn become one batch; one batch is being written at a
 * time. *Apply*: when the batch is back its operations become visible, in its order; if it failed
 * they are undone. Nothing is granted from memory.
 *
 * While an operation about an instance is on its way, other requests about it are parked until it
 * is back. So each operation is decided on what is committed, and undoing one undoes no other.
 */
#pragma once

#include "core/core.h"
#include "core/request.h"
#include "rules/load.h"

/*
 * Takes up what the store had, before the first device is seen; `real` is the real time at `now`.
 * Devices are found for instances as they are seen; claims_start_missing marks those that were not,
 * after the first scan.
 */
void claims_restore(struct core *core, const struct stored *stored, int64_t now, int64_t real);
void claims_start_missing(struct core *core, int64_t now);

/* Takes the request over; its answer comes from claims_take_answer. */
void claims_request(struct core *core, struct request *request, int64_t now);

/* The next request that is answered, after core_settle; the caller frees it. NULL: none. */
struct request *claims_take_answer(struct core *core);

/*
 * A connection is closed: its waiting requests leave their queues (answered, `abandoned`), and the
 * lives tied to it end.
 */
void claims_close_connection(struct core *core, uint64_t connection);

/* A process has ended, or is not what it was at the start. */
void claims_end_process(struct core *core, const struct process *process);

/*
 * The processes whose end matters, as an array that the caller frees; true if they may differ from
 * those of the last time.
 */
bool claims_processes(struct core *core, struct process **ret_processes, size_t *ret_count);

/* Ends what is over, serves queues, retries. Before claims_take_batch in each turn. */
void claims_turn(struct core *core, int64_t now);

/* When claims_turn has something to do even if nothing happens; CLOCK_NEVER. */
int64_t claims_deadline(const struct core *core);

/*
 * All decisions since the last batch, or NULL if there are none. The caller owns it, and takes no
 * other before it gave this one's outcome to claims_finish.
 */
struct batch *claims_take_batch(struct core *core);

/* Applies or undoes the operations of the batch that was taken last, and frees it. */
void claims_finish(struct core *core, struct batch *batch, int64_t now);

/* Adds an error for each group with instances that `ruleset` lacks or has with another kind. */
void claims_check_rules(
	const struct core *core, const struct ruleset *ruleset, struct rule_errors *errors);

/*
 * At start: groups with instances that the rules in force lack, or have with another kind, stay,
 * without rules, until the last instance goes.
 */
void claims_keep_groups(struct core *core);

/* How many instances there are that somebody knows of. */
size_t claims_count(const struct core *core);
