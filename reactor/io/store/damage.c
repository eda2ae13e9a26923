/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A database is put aside at most once for one cause. Whatever calls the new one damaged as well
 * (SQLite, the disk, a mistake of ours) is not cured by a third: so it must be complete and read
 * back before the mark goes, and until then the next start replaces it and keeps no copy.
 */
#include "io/store/damage.h"

#include "base/error.h"
#include "io/store/aside.h"
#include "io/store/outcome.h"
#include "io/store/rows.h"

/* Reads back what an empty database has. */
static int check_rows(struct database *database)
{
	struct stored stored = {0};
	int result = rows_load(database, &stored);

	stored_done(&stored);
	return result;
}

int damage_start_again(struct database *database)
{
	int result;

	if (database->begun)
		return -EUCLEAN;
	database->begun = true;
	database_leave(database);
	result = aside_move(database->path);
	if (result == 0)
		result = database_begin(database);
	if (result == 0)
		result = check_rows(database);
	if (result == 0)
		result = aside_end(database->path);
	if (result == STORE_DAMAGED)
		return -EUCLEAN;
	return result ? result : STORE_DAMAGED;
}

int damage_open(const char *directory, struct database *database)
{
	int result = database_open(directory, database);

	if (result == STORE_DAMAGED)
		return damage_start_again(database);
	if (result || aside_mark(database->path) == ASIDE_NO_MARK)
		return result;
	result = aside_end(database->path);
	return result ? result : STORE_DAMAGED;
}
