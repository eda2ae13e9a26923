/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking: which devices to look at again, when, how wholly, and what comes of it. Whatever an
 * event says, it means no more than "look again", so events, a scan and a resync all become ids in
 * one queue, where several of one device are one look.
 *
 * A look is at a place in sysfs: pci:NAME is /sys/bus/pci/devices/NAME, usb:NAME is
 * /sys/bus/usb/devices/NAME. vGPU candidates are seen in the look at the function that carries
 * them.
 *
 * The states of a look, what takes it to another one, and there:
 *
 *   ASKED             read: TRIAL or OVER; not all could be read: RETRY
 *   ASKED_FOR_DRIVER  likewise; asked for everything: ASKED
 *   RETRY             likewise, RETRY again for a few times; what asks does not change it
 *   TRIAL             likewise, a round later; asked: ASKED or ASKED_FOR_DRIVER
 *
 * From each of them OVER once the device is gone. RETRY and TRIAL wait, the others are queued; what
 * asks meanwhile queues these too, and the round of a trial is remembered beside the state.
 */
#pragma once

#include "base/list.h"
#include "base/map.h"
#include "base/text.h"
#include "model/device.h"
#include "model/property.h"

#include <stdbool.h>
#include <stdint.h>

/* Rounds that a look may be put off for: 10 ms, and each four times as long as the one before. */
#define LOOK_ROUNDS 7

enum look_state {
	LOOK_ASKED,	       /* everything is to be read */
	LOOK_ASKED_FOR_DRIVER, /* drivers came or went, and nothing else: what none can change is
				* not read again */
	LOOK_RETRY,	       /* the last look could not read all: everything is to be read */
	LOOK_TRIAL,	       /* nothing asks; the driver may be gone without an event */
	LOOK_OVER,	       /* nothing is left to be looked at */
};

/* What the newest event said of a PCI function's driver. */
enum look_driver {
	LOOK_DRIVER_UNTOLD, /* nothing */
	LOOK_DRIVER_BOUND,
	LOOK_DRIVER_UNBOUND,
};

/* Where the udev properties of the device are from. */
enum look_properties {
	LOOK_PROPERTIES_KEPT,	 /* as known from before */
	LOOK_PROPERTIES_BROUGHT, /* an event brought them along */
	LOOK_PROPERTIES_STALE,	 /* those known from before do not count: read them anew */
};

/* What a look came to, besides 0, all was read, and -errno, which says nothing of the device. */
enum {
	LOOK_GONE = 1,	     /* no such device */
	LOOK_INCOMPLETE = 2, /* it is there but lacks what every device has */
	LOOK_UNSETTLED = 3,  /* as 0, but it is being made or taken away, or not all could be
			      * read: these facts count only if it stays so */
};

/* What is to be done with it. */
enum look_step {
	LOOK_STEP_SEE,	  /* take the facts that were found */
	LOOK_STEP_LOSE,	  /* the device is gone */
	LOOK_STEP_WAIT,	  /* nothing: it will be looked at again */
	LOOK_STEP_DOUBT,  /* doubt what is known; its next event will ask again */
	LOOK_STEP_RESYNC, /* likewise, but it is our own failure: no event will ask again */
};

struct look {
	struct list_link link; // looking::queue or looking::waiting
	struct text *id;       /* interned */
	int64_t since; /* monotonic time at which its first event was received; CLOCK_NEVER: none */
	enum look_state state;
	bool derived; /* only looks at other devices asked for it; it asks for none */
	enum look_driver driver;
	unsigned trial;	       /* round after which the driver is tried again; 0: it is not */
	unsigned attempts;     /* that could not read all, since it was asked for */
	int64_t retried_since; /* LOOK_RETRY: monotonic time of the first of them ever */
	int64_t not_before;    /* while waiting: when it is due; else 0 */
	enum look_properties properties_state;
	struct property_list properties; /* that were brought */
};

struct looking {
	struct text_pool *pool; /* of the ids */
	struct list_link queue; /* of struct look, first come first */
	struct map by_id;	/* all of them: there is one look for an id at most */
	struct list_link waiting[LOOK_ROUNDS]; /* of struct look, put off, first due first */
};

void looking_init(struct looking *looking, struct text_pool *pool);
void looking_done(struct looking *looking);

/*
 * The look that is queued for `id`, or for the function that carries it if it is a candidate's;
 * queued now if none was. Borrowed until taken. `since` is when its event was received; CLOCK_NEVER
 * if a scan asks.
 */
struct look *looking_add(struct looking *looking, const char *id, int64_t since);

/* Likewise, on account of a driver that was bound, or unbound, and nothing else. */
struct look *looking_add_rebound(
	struct looking *looking, const char *id, enum look_driver driver, int64_t since);

/* Likewise, on account of a look at another device: so two that ask for each other come to an end.
 */
void looking_add_derived(struct looking *looking, const char *id, int64_t since);

/* Takes the first look out of the queue, or NULL; the caller gives it back, or frees it. */
struct look *looking_take(struct looking *looking);

/*
 * Gives back a look that was taken and judged: one that is over is freed, another waits. If it was
 * asked for meanwhile, that one stays, and reads as much as both; this one is freed. One that was
 * not judged waits for the first round.
 */
void looking_return(struct looking *looking, struct look *look, int64_t now);

/* Queues what was put off and is due. */
void looking_wake(struct looking *looking, int64_t now);

/* When the next one is due; now if any is queued; CLOCK_NEVER if there is none. */
int64_t looking_deadline(const struct looking *looking, int64_t now);

/* Whether no device that could not be read whole is to be looked at again. */
bool looking_is_complete(const struct looking *looking);

/* Whether nothing is to be looked at but drivers, and those later. */
bool looking_is_settled(const struct looking *looking);

/* Properties that events brought do not count any more: the keys, or events, may be others. */
void looking_forget_properties(struct looking *looking);

/* What a look at `known` (NULL: it is not there) need not read again; NULL: it reads everything. */
const struct facts *look_keeps(const struct look *look, const struct device *known);

/*
 * Judges what a look came to: the next state of the look, and what to do. `known` is what was known
 * of the device, or NULL; `found` is what was found of it, for 0 and LOOK_UNSETTLED.
 */
enum look_step look_judge(struct look *look, int result, const struct facts *known,
	const struct facts *found, int64_t now);

struct look *look_free(struct look *look);
