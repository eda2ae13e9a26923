/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where events come from: systemd-udevd's netlink group through libudev, or the kernel's own group
 * where no udevd runs. Both only say which devices to look at again. Beside udevd's the kernel's is
 * read too, to notice that udevd is silent (silence.h) and to do without it then.
 */
#pragma once

#include "base/vector.h"
#include "devices/looking.h"
#include "model/counters.h"

enum source_type {
	SOURCE_UDEV,
	SOURCE_KERNEL,
};

struct source;

/*
 * Opens and arms a source: from now on no event is missed. `receive_buffer` is in bytes, of which
 * it gets as many as it is permitted; 0 leaves it as the library or kernel makes it. Negative:
 * -errno.
 */
int source_new(enum source_type type, size_t receive_buffer, struct counters *counters,
	struct source **ret_source);
struct source *source_free(struct source *source);

#define SOURCE_DESCRIPTORS 2

/* Any of them is readable when there are events; returns how many there are. */
size_t source_descriptors(
	const struct source *source, int ret_descriptors[static SOURCE_DESCRIPTORS]);

/* Whose events count: `udev`, `kernel`, or `udev-silent`, which means the kernel's. */
const char *source_state(const struct source *source);

/* When to read even if nothing is readable; CLOCK_NEVER: not before. */
int64_t source_deadline(const struct source *source);

enum {
	SOURCE_MORE = 1,   /* the batch is full (256 messages or 5 ms): call again */
	SOURCE_LOST = 2,   /* events were lost: everything must be looked at again; call again */
	SOURCE_BROKEN = 3, /* likewise, and it gives nothing but errors: open another one */
};

/*
 * Reads a batch of events and adds what each concerns to `looks`. `properties` (of struct text,
 * ascending) are the udev keys that rules name; a look from a udev event brings their values along.
 * 0: nothing is left for now. A change of source_state means that events may have been lost.
 */
int source_read(struct source *source, const struct vector *properties, struct looking *looks);

/*
 * Reads the udev properties of the device `id` from udev's database, for devices that no event
 * has told of since the keys are known; they replace what is in the list. With a kernel source
 * there are none. 0 or -errno, which leaves the list as it is.
 */
int source_read_properties(struct source *source, const char *id, const struct vector *properties,
	struct text_pool *pool, struct property_list *ret_properties);

/* Whether somebody listens on the socket, of whatever type; one left behind does not count. */
bool source_listens(const char *path);

/* Whether a udevd listens on its control socket in /run/udev. */
bool source_udevd_is_running(void);
