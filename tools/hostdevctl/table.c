/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows of cells. A table holds all rows before it prints one, because the widths follow from all of
 * them. Only the last column is ever cut: ids and names of groups are there to be copied.
 */
#include "table.h"

#include "output.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

enum {
	COLUMNS_MOST = 16,
	GAP = 2,
	LAST_LEAST = 8, /* narrower than this, a line break reads better */
};

struct table {
	const char *const *headers;
	size_t columns;
	char **cells; /* row by row */
	size_t count;
	size_t size;
};

struct table *table_new(const char *const *headers)
{
	struct table *table = output_must(calloc(1, sizeof(*table)));

	table->headers = headers;
	while (headers[table->columns])
		table->columns++;
	return table;
}

struct table *table_free(struct table *table)
{
	if (!table)
		return NULL;
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table);
	return NULL;
}

void table_add(struct table *table, const char *const *cells)
{
	if (table->count + table->columns > table->size) {
		table->size = table->size * 2 + table->columns;
		table->cells =
			output_must(reallocarray(table->cells, table->size, sizeof(*table->cells)));
	}
	for (size_t i = 0; i < table->columns; i++)
		table->cells[table->count++] = text_clean(cells[i] ? cells[i] : "");
}

static void print_plain(const struct table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		fputs(table->cells[i], stdout);
		putchar((i + 1) % table->columns ? '\t' : '\n');
	}
}

static void find_widths(const struct table *table, size_t *ret_widths)
{
	size_t last = table->columns - 1, used = 0, left = output_columns();

	for (size_t i = 0; i < table->columns; i++)
		ret_widths[i] = text_width(table->headers[i]);
	for (size_t i = 0; i < table->count; i++) {
		size_t width = text_width(table->cells[i]);

		if (width > ret_widths[i % table->columns])
			ret_widths[i % table->columns] = width;
	}
	for (size_t i = 0; i < last; i++)
		used += ret_widths[i] + GAP;
	left = left > used + LAST_LEAST ? left - used : LAST_LEAST;
	if (ret_widths[last] > left)
		ret_widths[last] = left;
}

static const char *colour_of(const char *state)
{
	if (strcmp(state, "available") == 0)
		return "\033[32m";
	if (strcmp(state, "claimed") == 0 || strcmp(state, "preparing") == 0)
		return "\033[36m";
	if (strcmp(state, "blocked") == 0)
		return "\033[33m";
	return strcmp(state, "failed") == 0 ? "\033[31m" : "";
}

/* Prints a cell in exactly width columns, or less if it is the last one of its row. */
static void print_cell(const char *cell, size_t width, const char *colour, bool last)
{
	const char *text = *cell ? cell : "-";
	size_t taken = text_width(text);
	size_t fitting = taken > width ? text_fitting(text, width - 1) : strlen(text);

	fputs(colour, stdout);
	fwrite(text, 1, fitting, stdout);
	if (text[fitting])
		fputs("…", stdout);
	if (*colour)
		fputs("\033[0m", stdout);
	if (!last)
		printf("%*s", (int)(width - taken + GAP), "");
	else
		putchar('\n');
}

static void print_aligned(const struct table *table)
{
	size_t widths[COLUMNS_MOST];
	bool coloured = output_is_coloured();

	find_widths(table, widths);
	for (size_t i = 0; i < table->columns; i++)
		print_cell(table->headers[i], widths[i], coloured ? "\033[1m" : "",
			i + 1 == table->columns);
	for (size_t i = 0; i < table->count; i++) {
		size_t column = i % table->columns;
		bool state = strcmp(table->headers[column], "STATE") == 0;

		print_cell(table->cells[i], widths[column],
			coloured && state ? colour_of(table->cells[i]) : "",
			column + 1 == table->columns);
	}
}

void table_print(const struct table *table)
{
	if (output_is_terminal())
		print_aligned(table);
	else
		print_plain(table);
}
