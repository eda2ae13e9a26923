/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A delta: what one turn changed, as an ordered list of events. It is the only way in which
 * devices/ and claims/ reports anything, and the only thing that is published.
 */
#pragma once

#include "base/text.h"
#include "base/vector.h"

enum change_type {
	EVENT_DEVICE_ADDED,
	EVENT_DEVICE_CHANGED,
	EVENT_DEVICE_REMOVED,
	EVENT_GROUP_JOINED,
	EVENT_GROUP_LEFT,
	EVENT_INSTANCE_CREATED,
	EVENT_INSTANCE_ASSIGNED,
	EVENT_INSTANCE_UNASSIGNED,
	EVENT_INSTANCE_BOUND,
	EVENT_INSTANCE_MISSING,
	EVENT_INSTANCE_RETURNED,
	EVENT_INSTANCE_RELEASED,
	EVENT_RULES_RELOADED,
	EVENT_RESYNC,
	EVENT_READY,
	EVENT_TYPE_COUNT,
};

/* device.added, ... as include/org.hostdevd.varlink spells them. */
const char *change_type_name(enum change_type type);

/* EVENT_TYPE_COUNT if there is none of that name. */
enum change_type change_type_find(const char *name);

struct change {
	enum change_type type;
	unsigned kinds;	     /* of the device, before or after; 0: the event is not about one */
	struct text *device; /* JSON: the whole Device in added and changed, else {id, state} */
	struct text *group;  /* names, in joined and left */
	struct text *rule;
	struct text *changed;  /* JSON array of names, in changed */
	struct text *instance; /* JSON: the whole Instance, in instance.* */

	/* for filters: the device's groups before and after the turn; NULL: none */
	struct text *group_before;
	struct text *group_after;
};

struct delta {
	struct vector changes; /* of struct change, owned */
};

/* Appends a change of `type` with everything else empty, to be filled in. */
struct change *delta_add(struct delta *delta, enum change_type type);
void delta_done(struct delta *delta);
