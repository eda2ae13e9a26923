/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which events a subscriber wants: three compares an event, no text is looked at. */
#pragma once

#include "model/delta.h"

#include <stdbool.h>

/* Zero-initialised passes everything. */
struct filter {
	unsigned kinds;	      /* KIND_MASK of each; 0: all */
	unsigned types;	      /* 1 << enum change_type of each; 0: all */
	struct vector groups; /* of struct text, interned, owned; empty: all */
};

/* What a filter looks at. Groups are interned names, NULL: none. */
struct filter_subject {
	enum change_type type;
	unsigned kinds;
	struct text *group_before;
	struct text *group_after;
};

/*
 * An event passes if it is of one of the types, about a device of one of the kinds, that was or is
 * in one of the groups. `ready`, `resync` and `rules.reloaded` concern everybody.
 */
bool filter_passes(const struct filter *filter, const struct filter_subject *subject);

void filter_done(struct filter *filter);
