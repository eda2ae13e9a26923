/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/table.h"

#include <string.h>

size_t table_find(const void *table, size_t count, size_t size, const char *name)
{
	size_t at = 0;

	while (at < count &&
		strcmp(*(const char *const *)((const char *)table + at * size), name) != 0)
		at++;
	return at;
}
