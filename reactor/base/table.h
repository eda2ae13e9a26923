/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables with one row for each enumerator, in which no row can be missing: that does not compile.
 *
 *	TABLE_BEGIN(life_names);
 *	static const char *const life_names[LIFE_COUNT] = {
 *		ROW(LIFE_EXPLICIT) = "explicit",
 *		...
 *	};
 *	TABLE_END(life_names, LIFE_COUNT);
 *
 * The length of an array cannot tell, since one that is missing in the middle leaves a gap of
 * zeros. So the rows are counted; two of one enumerator are an error of the compiler's own
 * (-Woverride-init). Rejected: making enum and table of one list macro, which leaves neither
 * readable.
 */
#pragma once

#include <stddef.h>

#define TABLE_BEGIN(table) enum { table##_begin = __COUNTER__ }
#define ROW(index)	   [(index) + 0 * __COUNTER__]
#define TABLE_END(table, count)                                                                    \
	_Static_assert(__COUNTER__ - table##_begin - 1 == (count), #table " lacks a row")

/*
 * Index of the first row called `name`; `count` if there is none. A row of `size` bytes begins with
 * its name, or is its name.
 */
size_t table_find(const void *table, size_t count, size_t size, const char *name);

#define TABLE_FIND(table, name)                                                                    \
	table_find(table, sizeof(table) / sizeof((table)[0]), sizeof((table)[0]), name)
