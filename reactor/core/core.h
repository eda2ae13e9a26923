/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of the reactor and everything that may change it. A mutation changes the state and
 * marks the devices it touched; core_settle compares each of them with what subscribers were told
 * last and returns the difference. Nobody notifies anybody from in here.
 *
 * Telling by comparison, not by recording each step, is what makes "applying events to a snapshot
 * gives the list" true by construction, and three changes in one turn one event.
 */
#pragma once

#include "core/claims_state.h"
#include "core/counters.h"
#include "core/rights.h"
#include "core/stage.h"
#include "model/delta.h"
#include "model/inventory.h"
#include "rules/evaluate.h"

struct core {
	struct text_pool *pool;
	struct counters *counters;
	const struct rights *rights; /* of who may claim; the edge's */
	struct ruleset *ruleset;     /* in force; owned */
	struct stage stage;	     /* rules that are to be in force */
	struct inventory inventory;
	struct claims claims;
	struct vector touched; /* of struct device, to be settled */
	bool rules_reloaded;   /* events that follow all they caused */
	bool resynced;
};

/* A device that changed its group by a change of rules. */
struct move {
	struct text *device;
	struct text *from; /* NULL: from none */
	struct text *to;   /* NULL: to none */
};

/* Starts without rules and devices. `pool` and `counters` must outlive the core. */
void core_init(struct core *core, struct text_pool *pool, struct counters *counters);
void core_done(struct core *core);

/*
 * Arrival or change: `facts` (reference taken over) is what the device is now. Facts equal to the
 * ones known stop here. Other facts with another life are another device in the same place.
 */
void core_see(struct core *core, struct facts *facts);

/*
 * All that one look found: a device, and after it the vGPU candidates that it carries, in the order
 * of ids. Takes the references over; the vector is empty afterwards. Candidates of the device that
 * are known, but not among them, are gone, unless an instance has them.
 */
void core_see_all(struct core *core, struct vector *found);

/* A look at the device failed: until the next one succeeds, its facts may be out of date. */
void core_doubt(struct core *core, const char *id);

/* Removal, of the candidates that the device carries too; an unknown id is nothing. */
void core_lose(struct core *core, const char *id);

/*
 * New rules come into force in three steps, between which devices may come, change and go, decided
 * by the old rules all the while: they are staged; each device is decided by them; all is swapped
 * at once. A device that changes is to be decided again.
 *
 * Stages `ruleset` (taken over). What was staged before is thrown away with what it decided.
 */
void core_stage_rules(struct core *core, struct ruleset *ruleset);

/* A present device that the staged rules have to decide, or NULL: the rules can be swapped. */
struct device *core_stage_next(const struct core *core);

/*
 * Decides what core_stage_next returned. `facts` (taken over) are those that it has with the udev
 * properties that the staged rules name, core::stage.other_keys says whether they are others; NULL:
 * it stays as it is.
 */
void core_stage_device(struct core *core, struct device *device, struct facts *facts);

/*
 * Whether devices may be changing faster than they are decided: more was decided than all of them
 * twice. No swap is to be expected unless what makes them change is held back.
 */
bool core_stage_is_overdue(const struct core *core);

/* Forgets the staged rules; those in force stay. */
void core_unstage_rules(struct core *core);

/*
 * Puts the staged rules in force, which have decided every device. Appends to ret_moves (of struct
 * move) every device whose group differs; move_list_done frees them.
 */
void core_swap_rules(struct core *core, struct vector *ret_moves);
void move_list_done(struct vector *moves);

/* A scan after lost events is complete: one `resync` follows the differences it found. */
void core_note_resync(struct core *core);

/*
 * Ends a turn: appends all differences since the last time in the order of SPEC section 8, makes
 * the JSON of changed devices, and frees those that are gone.
 */
void core_settle(struct core *core, struct delta *ret_delta);

/* The device of this id that is present, or NULL. */
const struct device *core_find(const struct core *core, const char *id);
