/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "Did you mean ...?": the nearest of some names to a word that is none of them. */
#pragma once

#include <stddef.h>

struct suggestion {
	const char *word; /* what was written; set by the caller, the rest zero */
	const char *best; /* NULL: nothing is near */
	size_t distance;
	size_t considered;
};

/* Keeps `name` if it is nearer than those before; looks at no more than 1,000 names. */
void suggestion_consider(struct suggestion *suggestion, const char *name);
