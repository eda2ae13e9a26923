/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Levenshtein's distance with one row: letters to insert, delete or replace. */
#include "nearest.h"

#include <string.h>

enum { LENGTH_MOST = 31 };

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Letters after the 31st do not count. */
static size_t distance(const char *a, const char *b)
{
	size_t a_length = strnlen(a, LENGTH_MOST), b_length = strnlen(b, LENGTH_MOST);
	size_t row[LENGTH_MOST + 1];

	for (size_t j = 0; j <= b_length; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			size_t above = row[j];

			row[j] =
				least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[b_length];
}

void nearest_try(struct nearest *nearest, const char *candidate)
{
	size_t far = distance(nearest->word, candidate);
	size_t near = (strnlen(nearest->word, LENGTH_MOST) + 2) / 3;

	if (far > near || (nearest->best && far >= nearest->distance))
		return;
	nearest->best = candidate;
	nearest->distance = far;
}
