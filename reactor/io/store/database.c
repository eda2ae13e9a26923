/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The database file, and how damage is told from a fresh start. SQLite's check of all pages, rows
 * and indexes at the start finds most; the rest is read off the folder. The ballast file stays in
 * it, if only empty, from the first complete start on, so a database that is there but has no
 * tables (0 bytes; or its log, which had them, was removed) was more once, unless there is no
 * ballast: then the first start was cut off before it made one.
 *
 * Tables that are not what they should be are found by comparing them with those of an empty
 * database in memory. From then on a statement that SQLite refuses is our mistake, or a change in
 * SQLite, and says nothing of the file: the start fails and the file stays.
 */
#include "io/store/database.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/table.h"
#include "io/store/aside.h"
#include "io/store/ballast.h"
#include "io/store/outcome.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCHEMA_VERSION 2

static const char rules_schema[] = "CREATE TABLE last_good_rules("
				   " position INTEGER PRIMARY KEY,"
				   " file TEXT NOT NULL,"
				   " bytes BLOB NOT NULL) STRICT;";

static const char instances_schema[] =
	"CREATE TABLE instances("
	" identity TEXT PRIMARY KEY NOT NULL CHECK (identity <> ''),"
	" number INTEGER NOT NULL UNIQUE CHECK (number > 0),"
	" device TEXT NOT NULL CHECK (device <> ''),"
	" group_name TEXT NOT NULL CHECK (group_name <> ''),"
	" kind TEXT NOT NULL,"
	" vm TEXT,"
	" tenant TEXT,"
	" uid INTEGER NOT NULL CHECK (uid >= 0),"
	" generation INTEGER NOT NULL CHECK (generation >= 0),"
	" since INTEGER NOT NULL CHECK (since >= 0),"
	" grant_life TEXT NOT NULL CHECK (grant_life IN ('explicit', 'process', 'connection')),"
	" grant_pid INTEGER NOT NULL CHECK (grant_pid >= 0),"
	" grant_start INTEGER NOT NULL,"
	" grant_boot TEXT NOT NULL CHECK (length(grant_boot) <= 36),"
	" grant_token TEXT,"
	" grant_token_uid INTEGER NOT NULL CHECK (grant_token_uid >= 0),"
	" grant_count INTEGER NOT NULL CHECK (grant_count >= 0),"
	" grant_bind_by INTEGER NOT NULL CHECK (grant_bind_by >= 0),"
	" use_life TEXT NOT NULL CHECK (use_life IN ('explicit', 'process', 'connection')),"
	" use_pid INTEGER NOT NULL CHECK (use_pid >= 0),"
	" use_start INTEGER NOT NULL,"
	" use_boot TEXT NOT NULL CHECK (length(use_boot) <= 36),"
	" use_token TEXT,"
	" use_token_uid INTEGER NOT NULL CHECK (use_token_uid >= 0),"
	" use_count INTEGER NOT NULL CHECK (use_count >= 0),"
	" use_bind_by INTEGER NOT NULL CHECK (use_bind_by >= 0),"
	" CHECK (vm IS NOT NULL OR tenant IS NOT NULL)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE identities("
	" identity TEXT PRIMARY KEY NOT NULL,"
	" generation INTEGER NOT NULL CHECK (generation >= 0),"
	" owner TEXT NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE meta("
	" one INTEGER PRIMARY KEY CHECK (one = 1),"
	" next_number INTEGER NOT NULL CHECK (next_number > 0),"
	" starts INTEGER NOT NULL,"
	" undone INTEGER NOT NULL," /* commits: see transaction.c */
	" loss INTEGER NOT NULL CHECK (loss IN (0, 1))) STRICT;"
	"INSERT INTO meta VALUES (1, 1, 0, 0, 0);"
	"PRAGMA user_version = 2;";

/*
 * Whoever had an instance before the loss may still name it, and generations begin anew, so numbers
 * go on from anywhere between 2^39 and 2^40. By the clock some would come again where it was set
 * back, and what a damaged database says of them cannot be trusted.
 */
static const char note_loss[] = "UPDATE meta SET loss = 1, next_number = max(next_number,"
				" (random() & 0x7fffffffff) | 0x8000000000)";

TABLE_BEGIN(statement_texts);
static const char *const statement_texts[STATEMENT_COUNT] = {
	ROW(STATEMENT_RELEASE) = "DELETE FROM instances WHERE number = ?",
	ROW(STATEMENT_REMOVE) = "DELETE FROM instances WHERE identity = ? AND number = ?",
	ROW(STATEMENT_INSERT) = "INSERT INTO instances VALUES"
				" (?,?,?,?,?,?,?,?,?,?, ?,?,?,?,?,?,?,?, ?,?,?,?,?,?,?,?)",
	ROW(STATEMENT_IDENTITY) = "INSERT INTO identities VALUES (?, ?, ?) ON CONFLICT (identity)"
				  " DO UPDATE SET generation = excluded.generation,"
				  " owner = excluded.owner",
	ROW(STATEMENT_NUMBER) = "UPDATE meta SET next_number = ?1 + 1 WHERE next_number <= ?1",
};
TABLE_END(statement_texts, STATEMENT_COUNT);

static int system_error(struct database *database)
{
	int error = sqlite3_system_errno(database->handle);

	return error > 0 ? -error : -EIO;
}

static int constraint_error(int code)
{
	return code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_UNIQUE ? -EEXIST
											: -EINVAL;
}

int database_error(struct database *database, int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return STORE_IN_USE;
	case SQLITE_ERROR: /* the tables were compared: SQLite does not know what we say */
		return -ENOTSUP;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return STORE_DAMAGED;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_CONSTRAINT:
		return constraint_error(code);
	case SQLITE_NOMEM:
		abort();
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN: /* SQLite's own errno may be of another file */
		return access(database->directory, W_OK) < 0 ? error_from_errno() : -EACCES;
	default:
		return system_error(database);
	}
}

int database_execute(struct database *database, const char *statements)
{
	return database_error(
		database, sqlite3_exec(database->handle, statements, NULL, NULL, NULL));
}

int database_query(struct database *database, const char *query, int64_t *ret_number)
{
	sqlite3_stmt *statement = NULL;
	int result = database_error(
		database, sqlite3_prepare_v2(database->handle, query, -1, &statement, NULL));

	if (result == 0)
		result = database_error(database, sqlite3_step(statement));
	if (result == 0)
		*ret_number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return result;
}

int database_prepare(struct database *database, enum statement which, sqlite3_stmt **ret_statement)
{
	sqlite3_stmt **statement = &database->statements[which];
	int result = 0;

	if (!*statement)
		result = database_error(
			database, sqlite3_prepare_v3(database->handle, statement_texts[which], -1,
					  SQLITE_PREPARE_PERSISTENT, statement, NULL));
	if (result == 0)
		*ret_statement = *statement;
	return result;
}

int database_step(struct database *database, sqlite3_stmt *statement)
{
	int result = database_error(database, sqlite3_step(statement));

	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return result;
}

/*
 * All of it: what makes a doubled claim impossible is an index, which quick_check does not look at.
 * As a statement: SQLite took the argument of the function pragma_integrity_check for a limit once,
 * and for the name of a table later.
 */
static int check_integrity(struct database *database)
{
	sqlite3_stmt *statement = NULL;
	bool intact = false;
	int result = database_error(
		database, sqlite3_prepare_v2(database->handle, "PRAGMA integrity_check(1)", -1,
				  &statement, NULL));

	if (result == 0)
		result = database_error(database, sqlite3_step(statement));
	if (result == 0) {
		const char *said = (const char *)sqlite3_column_text(statement, 0);

		intact = said && strcmp(said, "ok") == 0;
	}
	sqlite3_finalize(statement);
	return result ? result : intact ? 0 : STORE_DAMAGED;
}

/* Our tables as one text, the same for the same columns whoever made them. SQLite's result. */
static int describe_tables(sqlite3 *handle, struct buffer *ret_text)
{
	static const char query[] =
		"SELECT printf('%s.%s %s %d %d', tables.name, columns.name, columns.type,"
		" columns.\"notnull\", columns.pk)"
		" FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns"
		" WHERE tables.name IN ('last_good_rules', 'instances', 'identities', 'meta')"
		" ORDER BY tables.name, columns.cid";
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(handle, query, -1, &statement, NULL);

	if (code == SQLITE_OK)
		while ((code = sqlite3_step(statement)) == SQLITE_ROW)
			buffer_format(ret_text, "%s\n", sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	return code;
}

/* The same of an empty database in memory with the schema of that version. */
static int describe_expected(int64_t version, struct buffer *ret_text)
{
	sqlite3 *memory = NULL;
	int code = sqlite3_open(":memory:", &memory);

	if (code == SQLITE_OK && version >= 1)
		code = sqlite3_exec(memory, rules_schema, NULL, NULL, NULL);
	if (code == SQLITE_OK && version >= 2)
		code = sqlite3_exec(memory, instances_schema, NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = describe_tables(memory, ret_text);
	sqlite3_close(memory);
	return code;
}

/* Whether it has the tables of its version. What works in memory and not here is damage. */
static int check_tables(struct database *database, int64_t version)
{
	struct buffer expected = {0};
	struct buffer found = {0};
	int result = database_error(database, describe_expected(version, &expected));

	if (result == 0) {
		int code = describe_tables(database->handle, &found);

		result = code == SQLITE_ERROR ? STORE_DAMAGED : database_error(database, code);
	}
	if (result == 0 && strcmp(buffer_string(&expected), buffer_string(&found)) != 0)
		result = STORE_DAMAGED;
	buffer_done(&expected);
	buffer_done(&found);
	return result;
}

/* The first schema is made in an empty database. */
static int migrate(struct database *database, int64_t version)
{
	int64_t tables = 0;
	int result = 0;

	if (version == 0)
		result = database_query(database, "SELECT count(*) FROM sqlite_schema", &tables);
	if (result == 0 && tables > 0)
		result = STORE_DAMAGED;
	if (result == 0 && version == 0)
		result = database_execute(database, rules_schema);
	if (result == 0 && version < 2)
		result = database_execute(database, instances_schema);
	return result;
}

/*
 * Checks and completes what was opened, as one transaction. `existed`: there was a file, and a
 * ballast beside it.
 */
static int take_up(struct database *database, bool existed, bool loss)
{
	int64_t version = 0;
	int result = database_query(database, "PRAGMA user_version", &version);

	if (result == 0 && (version < 0 || (version == 0 && existed)))
		result = STORE_DAMAGED;
	if (result == 0)
		result = check_tables(database, version);
	if (result == 0)
		result = check_integrity(database);
	if (result == 0)
		result = migrate(database, version);
	if (result == 0 && loss)
		result = database_execute(database, note_loss);
	if (result == 0)
		return database_execute(database, "COMMIT");
	database_execute(database, "ROLLBACK");
	return result;
}

/* temp_store: neither checks nor statements may need room in another folder. */
static int connect_file(struct database *database)
{
	int64_t version = 0;
	int result = database_error(
		database, sqlite3_open_v2(database->path, &database->handle,
				  SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
					  SQLITE_OPEN_EXRESCODE,
				  NULL));

	if (result == 0)
		result = database_execute(database, "PRAGMA locking_mode = EXCLUSIVE;");
	/* before anything is written, or asked that an older SQLite may not know */
	if (result == 0)
		result = database_query(database, "PRAGMA user_version", &version);
	if (result == 0 && version > SCHEMA_VERSION)
		result = STORE_NEWER;
	return result ? result
		      : database_execute(database, "PRAGMA journal_mode = WAL;"
						   "PRAGMA synchronous = FULL;"
						   "PRAGMA temp_store = MEMORY;"
						   "BEGIN IMMEDIATE;");
}

static void disconnect(struct database *database)
{
	for (size_t i = 0; i < STATEMENT_COUNT; i++) {
		sqlite3_finalize(database->statements[i]);
		database->statements[i] = NULL;
	}
	sqlite3_close(database->handle);
	database->handle = NULL;
}

/* Opens what the folder has. A log whose database has nothing is all that is left of one. */
static int open_existing(struct database *database, bool marked)
{
	int64_t size = aside_size(database->path, "");
	bool existed = size >= 0 && ballast_exists(database->ballast);
	int result;

	if (size <= 0 && aside_size(database->path, "-wal") > 0)
		return STORE_DAMAGED;
	result = connect_file(database);
	return result ? result : take_up(database, existed && !marked, marked);
}

int database_begin(struct database *database)
{
	int result = connect_file(database);

	return result ? result : take_up(database, false, true);
}

/* Closing alone would copy the log into the database and remove it. */
void database_leave(struct database *database)
{
	if (database->handle)
		sqlite3_db_config(database->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	disconnect(database);
}

/* Makes `directory` and what lies above it. */
static int make_directory(const char *directory)
{
	char *path = memory_duplicate(directory);
	int result = 0;

	for (char *slash = strchr(path + 1, '/'); slash && result == 0;
		slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			result = error_from_errno();
		*slash = '/';
	}
	if (result == 0 && mkdir(path, 0700) < 0 && errno != EEXIST)
		result = error_from_errno();
	free(path);
	return result;
}

int database_open(const char *directory, struct database *database)
{
	int result = directory[0] ? make_directory(directory) : -ENOENT;

	database->directory = memory_duplicate(directory);
	database->path = memory_format("%s/hostdevd.db", directory);
	database->ballast = memory_format("%s/ballast", directory);
	if (result == 0)
		result = open_existing(database, aside_mark(database->path) != ASIDE_NO_MARK);
	if (result)
		database_leave(database);
	return result;
}

void database_done(struct database *database)
{
	disconnect(database);
	free(database->directory);
	free(database->path);
	free(database->ballast);
}
