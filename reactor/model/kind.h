/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kinds of devices. The list below is the one place that knows how a kind is called, where its
 * devices are found and what becomes of them; the probe, places, identities and `attach` have a
 * table of functions by kind each, beside their code.
 *
 * To add a kind: a row here, its fields in field.[ch], its folders' names in place.c, a reader and
 * its row in io/probe, its identity in claims/identity.c and, if there is something to attach, its
 * row in claims/describe_instance.c.
 */
#pragma once

#include <stdbool.h>

/*
 * A kind that devices of another one are too stands behind that one. The columns are those of
 * struct kind_description.
 */
/* clang-format off */
#define KIND_LIST(ROW) \
	ROW(KIND_PCI,       "pci",       "PCI functions", "pci", "pci", NULL,         KIND_PCI, true) \
	ROW(KIND_USB,       "usb",       "USB devices",   "usb", "usb", "usb_device", KIND_USB, false) \
	/* a virtual function of a NIC, which is of kind pci too */ \
	ROW(KIND_SRIOV_NIC, "sriov-nic", "NICs' VFs",     NULL,  NULL,  NULL,         KIND_PCI, true) \
	/* a vGPU that a function could make: a candidate */ \
	ROW(KIND_VGPU,      "vgpu",      "vGPUs",         NULL,  NULL,  NULL,         KIND_PCI, false)
/* clang-format on */

#define KIND_ENUMERATOR(kind, ...) kind,
enum kind {
	KIND_LIST(KIND_ENUMERATOR) KIND_COUNT,
};
#undef KIND_ENUMERATOR

#define KIND_MASK(kind) (1u << (kind))

#define KIND_ALL (KIND_MASK(KIND_COUNT) - 1)

/* Longest name with its colon and a NUL. */
#define KIND_PREFIX_SIZE 16

struct kind_description {
	const char *name;      /* in rules and JSON, and before the colon of ids */
	const char *prefix;    /* that name with the colon */
	const char *plural;    /* what messages call them */
	const char *bus;       /* its devices have folders, /sys/bus/BUS/devices/NAME; NULL: none */
	const char *subsystem; /* of its events, and in udev's database; NULL: none of its own */
	const char *devtype;   /* of those events too; NULL: whatever it is */
	enum kind carrier;     /* in whose folders they are found */
	bool bound;	       /* they are bound to another driver for their claim */
};

/* The row of `kind`. */
const struct kind_description *kind_describe(enum kind kind);

/* The name in rules and JSON. */
const char *kind_name(enum kind kind);

/* KIND_COUNT if there is none of that name. */
enum kind kind_find(const char *name);

/* The kind that the events are of; KIND_COUNT if none is. NULL: an event without it. */
enum kind kind_of_event(const char *subsystem, const char *devtype);

/* What follows the prefix in an id of this kind; NULL: it is another kind's. */
const char *kind_skip_prefix(enum kind kind, const char *id);

/* The first of `kinds` (KIND_MASK of each), which must not be empty: the kind of the id. */
enum kind kind_first(unsigned kinds);
