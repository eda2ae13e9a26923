/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is there, and what the rules say of it. A mutation changes facts and verdicts and marks the
 * devices that it touched; devices_show derives what is shown of these, and devices_settle compares
 * that with what subscribers were told last and returns the difference. Nobody notifies anybody
 * from in here, and nobody here knows of claims: who has a device stands in the device.
 *
 * Telling by comparison, not by recording each step, is what makes "applying events to a snapshot
 * gives the list" true by construction, and three changes in one turn one event.
 */
#pragma once

#include "devices/stage.h"
#include "model/counters.h"
#include "model/delta.h"
#include "model/inventory.h"

struct devices {
	struct text_pool *pool;
	struct counters *counters;
	struct ruleset *ruleset; /* in force; owned */
	struct stage stage;	 /* rules that are to be in force */
	struct inventory inventory;
	struct vector touched; /* of struct device, to be settled */
	struct vector
		changed; /* of struct device whose facts came, differ or went: see claims_follow */
	struct vector shown; /* of struct device, shown anew since claims followed */
	bool rules_reloaded; /* events that follow all they caused */
	bool resynced;
};

/* A device that changed its group by a change of rules. */
struct move {
	struct text *device;
	struct text *from; /* NULL: from none */
	struct text *to;   /* NULL: to none */
};

/* Starts without rules and devices. `pool` and `counters` must outlive it. */
void devices_init(struct devices *devices, struct text_pool *pool, struct counters *counters);
void devices_done(struct devices *devices);

/*
 * Arrival or change: `facts` (reference taken over) is what the device is now. Facts equal to the
 * ones known stop here. Other facts with another life are another device in the same place.
 */
void devices_see(struct devices *devices, struct facts *facts);

/*
 * All that one look found: a device, and after it the vGPU candidates that it carries, in the order
 * of ids. Takes the references over; the vector is empty afterwards. Candidates of the device that
 * are known, but not among them, are gone, unless an instance has them.
 */
void devices_see_all(struct devices *devices, struct vector *found);

/* A look at the device failed: until the next one succeeds, its facts may be out of date. */
void devices_doubt(struct devices *devices, const char *id);

/* Removal, of the candidates that the device carries too; an unknown id is nothing. */
void devices_lose(struct devices *devices, const char *id);

/*
 * New rules come into force in three steps, between which devices may come, change and go, decided
 * by the old rules all the while: they are staged; each device is decided by them; all is swapped
 * at once. A device that changes is to be decided again.
 *
 * Stages `ruleset` (taken over). What was staged before is thrown away with what it decided.
 */
void devices_stage_rules(struct devices *devices, struct ruleset *ruleset);

/* A present device that the staged rules have to decide, or NULL: the rules can be swapped. */
struct device *devices_stage_next(const struct devices *devices);

/*
 * Decides what devices_stage_next returned. `facts` (taken over) are those that it has with the
 * udev properties that the staged rules name, devices::stage.other_keys says whether they are
 * others; NULL: it stays as it is.
 */
void devices_stage_device(struct devices *devices, struct device *device, struct facts *facts);

/*
 * Whether devices may be changing faster than they are decided: more was decided than all of them
 * twice. No swap is to be expected unless what makes them change is held back.
 */
bool devices_stage_is_overdue(const struct devices *devices);

/* Forgets the staged rules; those in force stay. */
void devices_unstage_rules(struct devices *devices);

/*
 * Puts the staged rules in force, which have decided every device. Appends to ret_moves (of struct
 * move) every device whose group differs; move_list_done frees them.
 */
void devices_swap_rules(struct devices *devices, struct vector *ret_moves);
void move_list_done(struct vector *moves);

/* A scan after lost events is complete: one `resync` follows the differences it found. */
void devices_note_resync(struct devices *devices);

/* Something that is shown of the device may differ: who has it, or what is in its way. */
void devices_touch(struct devices *devices, struct device *device);

/* Derives what is shown of the devices that were touched since the last time. */
void devices_show(struct devices *devices);

/*
 * Ends a turn: appends the differences of devices since the last time in the order of
 * reactor/README.md, makes the JSON of changed devices, and frees those that are gone. Every device
 * must have been shown, and no claim may know of one that is gone.
 */
void devices_settle(struct devices *devices, struct delta *ret_delta);

/* Appends the events that follow all they caused: `rules.reloaded` and `resync`. */
void devices_settle_marks(struct devices *devices, struct delta *ret_delta);

/* The device of this id that is present, or NULL. */
const struct device *devices_find(const struct devices *devices, const char *id);
