/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the clauses of all rules of one kind are laid out: in bitmaps, or as candidates of a value,
 * and in columns for the fields that they name. Private to the matcher.
 */
#pragma once

#include "rules/column.h"

/* What is left to ask of a candidate's clause. */
struct check {
	const struct condition *condition;
	bool negated;
};

struct layout {
	struct vector columns; /* of struct column, owned */
	/* only while clauses are added: */
	struct column *by_field[FIELD_COUNT]; /* columns of fields; NULL: no clause names it */
	struct map by_property;		      /* those of udev properties */
	struct check *checks;
	size_t check_count;
	struct column_context context;
};

/*
 * The layout of the enabled ones of `kind` among `rules` (of struct rule); layout_done frees what
 * is in it. Match limits that are hit while values are judged are added to *limit_hits.
 */
void layout_init(
	struct layout *layout, const struct vector *rules, enum kind kind, uint64_t *limit_hits);
void layout_done(struct layout *layout);
