/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of some words is spelled most like a given one? */
#pragma once

#include <stddef.h>

/* Start with only `word` set; both are borrowed. */
struct nearest {
	const char *word;
	const char *best; /* NULL: none is near */
	size_t distance;
};

/* Makes candidate the best if it is nearer than the best so far, and near at all: a third of the
 * word's letters may differ. */
void nearest_try(struct nearest *nearest, const char *candidate);
