/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows of cells. A table holds all rows before it prints one, because the widths follow from all of
 * them. Only the last column is ever cut or broken into lines: ids and names of groups are there to
 * be copied.
 */
#include "table.h"

#include "output.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

enum {
	GAP = 2,
	LAST_LEAST = 8,	   /* narrower than this, a line break reads better */
	BESIDE_LEAST = 24, /* narrower than this, lines of their own do */
	BELOW_INDENT = 4,
};

struct table {
	const char *const *headers;
	size_t columns;
	char **cells; /* row by row */
	size_t count;
	size_t size;
	bool whole; /* the last column is broken into lines, not cut */
};

/* How a table stands on the terminal. */
struct layout {
	size_t widths[TABLE_COLUMNS_MOST];
	size_t indent; /* of the lines that the last column is broken into */
	bool below;    /* they begin on the line after their row */
};

struct table *table_new(const char *const *headers)
{
	struct table *table = output_must(calloc(1, sizeof(*table)));

	table->headers = headers;
	while (headers[table->columns])
		table->columns++;
	return table;
}

void table_keep_whole(struct table *table)
{
	table->whole = true;
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
	for (size_t i = 0; i < table->columns; i++)
		ret_widths[i] = text_width(table->headers[i]);
	for (size_t i = 0; i < table->count; i++) {
		size_t width = text_width(table->cells[i]);

		if (width > ret_widths[i % table->columns])
			ret_widths[i % table->columns] = width;
	}
}

/* The columns that a terminal has behind so many. */
static size_t columns_behind(size_t used)
{
	size_t columns = output_columns();

	return columns > used + LAST_LEAST ? columns - used : LAST_LEAST;
}

static void find_layout(const struct table *table, struct layout *ret_layout)
{
	size_t last = table->columns - 1, used = 0, room;

	find_widths(table, ret_layout->widths);
	for (size_t i = 0; i < last; i++)
		used += ret_layout->widths[i] + GAP;
	room = columns_behind(used);
	if (ret_layout->widths[last] <= room)
		return;
	ret_layout->below = table->whole && room < BESIDE_LEAST;
	ret_layout->indent = ret_layout->below ? BELOW_INDENT : used;
	ret_layout->widths[last] = columns_behind(ret_layout->indent);
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

/* Prints a cell in exactly width columns, or less if it is the last one of its line. */
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

/* How many bytes of a text go on one line: up to a space, if there is one. */
static size_t line_length(const char *text, size_t width)
{
	size_t fitting = text_fitting(text, width), length = fitting;

	while (text[fitting] && length > 0 && text[length] != ' ')
		length--;
	return length > 0 ? length : fitting;
}

/* Prints the last cell of a row, all of it; the cursor stands where its first line begins. */
static void print_whole(const char *cell, const struct layout *layout, size_t width)
{
	const char *text = *cell ? cell : "-";

	for (;;) {
		size_t length = line_length(text, width);

		fwrite(text, 1, length, stdout);
		putchar('\n');
		text += length + strspn(text + length, " ");
		if (!*text)
			return;
		printf("%*s", (int)layout->indent, "");
	}
}

static void print_in_layout(const struct table *table, const struct layout *layout, size_t column,
	const char *cell, const char *colour)
{
	size_t last = table->columns - 1;

	if (column == last && layout->below)
		printf("%*s", (int)layout->indent, "");
	if (column == last && table->whole && !*colour)
		print_whole(cell, layout, layout->widths[column]);
	else
		print_cell(cell, layout->widths[column], colour,
			column == last || (column + 1 == last && layout->below));
}

static void print_aligned(const struct table *table)
{
	struct layout layout = {0};
	bool coloured = output_is_coloured();

	find_layout(table, &layout);
	for (size_t i = 0; i < table->columns; i++)
		print_in_layout(table, &layout, i, table->headers[i], coloured ? "\033[1m" : "");
	for (size_t i = 0; i < table->count; i++) {
		size_t column = i % table->columns;
		bool state = strcmp(table->headers[column], "STATE") == 0;

		print_in_layout(table, &layout, column, table->cells[i],
			coloured && state ? colour_of(table->cells[i]) : "");
	}
}

void table_print_free(struct table *table)
{
	if (output_is_terminal())
		print_aligned(table);
	else
		print_plain(table);
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table);
}
