/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the daemon is doing: what `status` shows. The daemon and io/ keep it, the socket reads it. */
#pragma once

#include "base/histogram.h"
#include "claims/state.h"

struct status {
	const char *version;
	const char *monitor; /* whose events count: udev, kernel, udev-silent (the kernel's) */
	bool rules_stale;    /* the files have errors; an earlier good copy is in force */
	bool commits_fail;   /* the last batch of decisions was not written, or not wholly */
	bool rules_unkept;   /* the state folder has no copy of the rules in force */
	int64_t started;     /* real time, microseconds */
	struct counters counters;
	struct histogram latency; /* microseconds from receiving an event to its publication */
	size_t connections;
	size_t subscribers;
};

/* Writes the object that Status replies, with the seq and epoch of the journal. */
void status_write(const struct status *status, const struct claims *claims, uint64_t seq,
	const char *epoch, struct writer *json);
