/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks: devices to look at again. Whatever an event says, it means no more than that, so events,
 * a scan and a resync all become ids in this one queue, where several of one device are one look.
 *
 * A look is at a place in sysfs: pci:NAME is /sys/bus/pci/devices/NAME, usb:NAME is
 * /sys/bus/usb/devices/NAME. vGPU candidates are seen in the look at the function that carries
 * them.
 *
 * A look is whole unless nothing but the coming or going of drivers asked for it: then what no
 * driver can change need not be read again. Whatever else asks, before or after, makes it whole.
 */
#pragma once

#include "base/list.h"
#include "base/map.h"
#include "base/text.h"
#include "model/property.h"

#include <stdbool.h>
#include <stdint.h>

/* Rounds that a look may be put off for: 10 ms, and each four times as long as the one before. */
#define LOOK_ROUNDS 7

/* What the newest event said of a PCI function's driver. */
enum look_driver {
	LOOK_DRIVER_UNTOLD, /* nothing */
	LOOK_DRIVER_BOUND,
	LOOK_DRIVER_UNBOUND,
};

struct look {
	struct list_link link; // looks::queue or looks::waiting
	struct text *id;       /* interned */
	int64_t since; /* monotonic time at which its first event was received; CLOCK_NEVER: none */
	bool derived;  /* only looks at other devices asked for it; it asks for none itself */
	bool whole;    /* everything is to be read, as is asked or since it was incomplete */
	enum look_driver driver;
	int64_t incomplete_since; /* monotonic: so was the device found since then; 0: it was not */
	unsigned attempts;	  /* that found it so since it was asked for */
	unsigned trial;	       /* round after which its driver is looked at again; 0: it is not */
	int64_t not_before;    /* while waiting: when it is due; else 0 */
	bool properties_known; /* an event brought the udev properties along */
	bool properties_stale; /* those known from before do not count: read them anew */
	struct property_list properties;
};

struct looks {
	struct text_pool *pool; /* of the ids */
	struct list_link queue; /* of struct look, first come first */
	struct map by_id;	/* all of them: there is one look for an id at most */
	struct list_link waiting[LOOK_ROUNDS]; /* of struct look, put off, first due first */
};

void looks_init(struct looks *looks, struct text_pool *pool);
void looks_done(struct looks *looks);

/*
 * The look that is queued for `id`, or for the function that carries it if it is a candidate's;
 * queued now if none was. Borrowed until taken. `since` is when its event was received; CLOCK_NEVER
 * if a scan asks.
 */
struct look *looks_add(struct looks *looks, const char *id, int64_t since);

/* Likewise, on account of a driver that was bound, or unbound, and nothing else. */
struct look *looks_add_rebound(
	struct looks *looks, const char *id, enum look_driver driver, int64_t since);

/* Likewise, on account of a look at another device: so two that ask for each other come to an end.
 */
void looks_add_derived(struct looks *looks, const char *id, int64_t since);

/* Takes the first look out of the queue, or NULL; the caller frees it. */
struct look *looks_take(struct looks *looks);

/*
 * Puts off a look that was taken, for so long as the round (below LOOK_ROUNDS) lasts, or until it
 * is asked for again. If it was asked for meanwhile, that one stays, and is as whole as both; this
 * one is freed.
 */
void looks_defer(struct looks *looks, struct look *look, unsigned round, int64_t now);

/*
 * Likewise a look that is over, but for the driver: nothing else is read then, and no other device
 * asked for, and `trial` is the round.
 */
void looks_defer_for_driver(struct looks *looks, struct look *look, int64_t now);

/* Queues what was put off and is due. */
void looks_wake(struct looks *looks, int64_t now);

/* When the next one is due; now if any is queued; CLOCK_NEVER if there is none. */
int64_t looks_deadline(const struct looks *looks, int64_t now);

/* Whether no device that was found incomplete is to be looked at again. */
bool looks_are_complete(const struct looks *looks);

/* Whether nothing is to be looked at but drivers, and those later. */
bool looks_are_settled(const struct looks *looks);

/* Properties that events brought do not count any more: the keys, or events, may be others. */
void looks_forget_properties(struct looks *looks);

struct look *look_free(struct look *look);
