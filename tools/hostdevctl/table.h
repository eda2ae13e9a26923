/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of cells: aligned under headers on a terminal, tab-separated without headers in a pipe. */
#pragma once

struct table;

/* A table with these headers, which end with NULL and must outlive it. The cells of a column headed
 * STATE are coloured. */
struct table *table_new(const char *const *headers);

/* Adds one row: as many cells as there are headers. They are copied, cleaned of controls; NULL is
 * an empty cell. */
void table_add(struct table *table, const char *const *cells);

/* Prints the table. On a terminal its last column is cut to the terminal's width. */
void table_print(const struct table *table);

/* Takes NULL, returns NULL. */
struct table *table_free(struct table *table);
