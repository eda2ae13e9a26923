/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A commit in WAL mode appends the changed pages to the log, the last one marked as a commit, and
 * then syncs the log. If a write fails, the mark is not there, and the rest means nothing to
 * whoever opens the log later. If the sync fails, SQLite says that the commit failed, and after
 * ROLLBACK this connection no longer knows of it; but the pages stand in the file with their mark
 * and valid checksums, and recovery at the next start takes them for committed: a claim that was
 * refused would be there, a release that failed would be done.
 *
 * The way out is the log itself: the next commit is written over the failed one, from its first
 * page on, and each page's checksum covers all before it, so whatever is left of the failed one
 * behind the new mark is void. So a failed commit is in doubt until another one succeeds, which
 * must write something: in doubt every transaction counts `undone` up.
 *
 * Rejected: truncating the log (needs its length as SQLite knows it, which a restart of the log
 * changes in the middle of a transaction); closing and opening again (recovery finds the pages,
 * although they may not be on the disk: after a failed sync the kernel takes them for clean).
 */
#include "io/store/transaction.h"

#include "base/error.h"
#include "io/store/ballast.h"

#include <stddef.h>

static int commit(struct database *database)
{
	int code = sqlite3_exec(database->handle, "COMMIT", NULL, NULL, NULL);

	if (code == SQLITE_OK)
		database->doubt = false;
	else if (code != SQLITE_FULL && code != SQLITE_IOERR_WRITE)
		database->doubt = true; /* after a failed write the log has no mark: that is last */
	return database_error(database, code);
}

int transaction_run(struct database *database, transaction_work *work, const void *context)
{
	int result = database_execute(database, "BEGIN IMMEDIATE");

	if (result)
		return result;
	if (database->doubt)
		result = database_execute(database, "UPDATE meta SET undone = undone + 1");
	if (result == 0)
		result = work(database, context);
	if (result == 0)
		result = commit(database);
	if (result) /* fails where SQLite has rolled back already */
		sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
	return result;
}

static int no_work(struct database *database, const void *context)
{
	(void)database;
	(void)context;
	return 0;
}

void transaction_undo(struct database *database)
{
	if (database->doubt && transaction_run(database, no_work, NULL) == -ENOSPC)
		ballast_give_up(database->ballast);
}
