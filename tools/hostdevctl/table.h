/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of cells: aligned under headers on a terminal, tab-separated without headers in a pipe. */
#pragma once

enum { TABLE_COLUMNS_MOST = 16 };

struct table;

/* A table with these headers, which end with NULL and must outlive it. The cells of a column headed
 * STATE are coloured. */
struct table *table_new(const char *const *headers);

/* Adds one row: as many cells as there are headers. They are copied, cleaned of controls; NULL is
 * an empty cell. */
void table_add(struct table *table, const char *const *cells);

/* The last column is what the table is about: where it is too wide for the terminal it is broken
 * into lines, below the row if there is little room beside it. */
void table_keep_whole(struct table *table);

/* Prints the table and frees it. On a terminal its last column is cut to the terminal's width, if
 * it need not be kept whole. */
void table_print_free(struct table *table);
