/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device in the inventory. Three values are kept apart: the verdict (what the rules in force say
 * of it), the hold (who has it), and what is shown, which devices/show derives from both; beside it
 * what subscribers were told last. Everything here is data.
 */
#pragma once

#include "model/facts.h"

/* The first that applies, in the order in which devices/show.c asks, is the device's. */
enum device_state {
	STATE_PREPARING,
	STATE_CLAIMED,
	STATE_FAILED,
	STATE_UNMATCHED,
	STATE_BLOCKED,
	STATE_AVAILABLE,
	STATE_COUNT,
};

const char *device_state_name(enum device_state state);

/* STATE_COUNT if there is none of that name. */
enum device_state device_state_find(const char *name);

/* One version of a device: the difference of two is what an event tells. */
struct device_view {
	struct facts *facts; /* as seen; NULL: not there */
	struct text *group;  /* name; NULL: none */
	struct text *rule;   /* name of the rule that decided; NULL: none */
	unsigned rule_number;
	enum device_state state;
	struct text *reasons;  /* JSON array, interned; NULL: none */
	struct text *instance; /* id of the instance that it is; NULL: none */
	struct text *json;     /* the Device that clients get; NULL while it is not there */
};

struct next; /* devices/stage.h */
struct rule; /* rules/ruleset.h */

/*
 * The place of an id in lists: by kind, then PCI functions, and vGPU candidates of each, by
 * address; the rest with runs of digits compared as numbers, so that usb:1-2 comes before usb:1-10.
 */
struct device_order {
	const char *id;	 /* borrowed */
	uint32_t prefix; /* length of the kind's name before the colon */
	uint32_t rest;	 /* where in the id an address ends; 0: there is none */
	uint64_t address;
};

struct device {
	struct text *id;	    /* interned */
	struct device_order order;  /* of the id */
	const struct rule *verdict; /* the rule in force that decides it; NULL: none holds */
	struct identity *identity;  /* that names it, if it was ever granted; else NULL */
	struct text *twin_of;	    /* id of a present one whose instance's identity it has, too */
	struct device_view now;	    /* facts as seen; the rest by show_device, json by settling */
	const struct device_view *told; /* as of the last settling; NULL: as now */
	struct next *next;		/* while rules are staged: what it will be; else NULL */
	bool touched;			/* stands in devices::touched */
	bool stale;			/* likewise, and its view is to be derived */
	bool changed;			/* stands in devices::changed */
	bool replaced;			/* likewise, and what was there before is gone */
	bool doubted;			/* the last look failed: the facts are from one before */
	bool picked;   /* chosen by the claim that is being decided; false between turns */
	bool unlisted; /* a candidate whose type is not listed: there while an instance has it */
};

/* A device that is not there yet; takes over the reference to `id`. */
struct device *device_new(struct text *id);
struct device *device_free(struct device *device);

/* `now`, to change what subscribers are told of; what they were told is kept apart from here on. */
struct device_view *device_change(struct device *device);

/* Subscribers were told what is now. */
void device_take_as_told(struct device *device);

/* What subscribers were told last: most of the time what is now. */
static inline const struct device_view *device_told(const struct device *device)
{
	return device->told ? device->told : &device->now;
}

void device_view_done(struct device_view *view);

struct device_order device_order_of(const char *id);
int device_order_compare(const struct device_order *left, const struct device_order *right);
