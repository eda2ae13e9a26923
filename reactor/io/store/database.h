/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to io/store. The connection to the database file: opening, checking, migrating, and
 * SQLite's results as ours (negative -errno, or an outcome of outcome.h). It belongs to one thread
 * at a time.
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

enum statement {
	STATEMENT_RELEASE,
	STATEMENT_REMOVE,
	STATEMENT_INSERT,
	STATEMENT_IDENTITY,
	STATEMENT_NUMBER,
	STATEMENT_COUNT,
};

struct database {
	sqlite3 *handle;
	sqlite3_stmt *statements[STATEMENT_COUNT]; /* each prepared when it is first needed */
	char *directory;
	char *path;    /* of the database */
	char *ballast; /* path of the ballast file */
	bool begun;    /* after damage: damage.h */
	bool doubt;    /* a failed commit may stand in the log: transaction.h */
};

/*
 * Opens or makes the database. STORE_DAMAGED, and every other result but 0: what there is was left
 * as it is. database_done in any case.
 */
int database_open(const char *directory, struct database *database);
void database_done(struct database *database);

/* Closes it and leaves database and log as they are; then only database_begin. */
void database_leave(struct database *database);

/* Begins an empty one, with `loss`, where there is none. */
int database_begin(struct database *database);

int database_execute(struct database *database, const char *statements);

/* Runs a query that answers one integer. */
int database_query(struct database *database, const char *query, int64_t *ret_number);

/* The prepared statement, with nothing bound. */
int database_prepare(struct database *database, enum statement which, sqlite3_stmt **ret_statement);

/* Runs a prepared statement that answers nothing, and makes it ready to be bound again. */
int database_step(struct database *database, sqlite3_stmt *statement);

/*
 * SQLite's result `code` as ours; 0 where it is no error. -ENOTSUP: it refused the statement, which
 * is never damage.
 */
int database_error(struct database *database, int code);
