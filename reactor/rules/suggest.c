/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Edit distance, with two neighbouring letters swapped as one edit, since that is how people
 * mistype; case counts nothing. Words beyond 64 bytes are nobody's names, and the number of names
 * is bounded: a hostile file must not buy 10,000 times 10,000 comparisons.
 */
#include "rules/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define WORD_MOST	64
#define CONSIDERED_MOST 1000

static size_t smallest(size_t first, size_t second)
{
	return first < second ? first : second;
}

static bool is_same(char left, char right)
{
	return tolower((unsigned char)left) == tolower((unsigned char)right);
}

static bool is_swap(const char *left, const char *right, size_t row, size_t column)
{
	return row > 1 && column > 1 && left[row - 1] == right[column - 2] &&
	       left[row - 2] == right[column - 1];
}

/* Both at most WORD_MOST bytes. */
static size_t edit_distance(const char *left, const char *right)
{
	size_t rows[3][WORD_MOST + 1]; /* the row before last, the last, this one: by turns */
	size_t width = strlen(right);
	size_t height = strlen(left);

	for (size_t column = 0; column <= width; column++)
		rows[0][column] = column;
	for (size_t row = 1; row <= height; row++) {
		size_t *now = rows[row % 3];
		const size_t *last = rows[(row + 2) % 3];

		now[0] = row;
		for (size_t column = 1; column <= width; column++) {
			size_t cost = !is_same(left[row - 1], right[column - 1]);

			now[column] = smallest(last[column - 1] + cost,
				smallest(last[column], now[column - 1]) + 1);
			if (is_swap(left, right, row, column))
				now[column] =
					smallest(now[column], rows[(row + 1) % 3][column - 2] + 1);
		}
	}
	return rows[height % 3][width];
}

void suggestion_consider(struct suggestion *suggestion, const char *name)
{
	size_t length = strlen(suggestion->word);
	size_t distance;

	if (length > WORD_MOST || strlen(name) > WORD_MOST ||
		++suggestion->considered > CONSIDERED_MOST)
		return;
	distance = edit_distance(suggestion->word, name);
	if (distance > (length + 2) / 3 || (suggestion->best && distance >= suggestion->distance))
		return;
	suggestion->best = name;
	suggestion->distance = distance;
}
