/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The database file, and how damage is told from a fresh start. SQLite's check of all pages, rows
 * and indexes at the start finds most; the rest is read off the folder. The ballast file stays in
 * it, if only empty, from the first complete start on, so a database that is there but has no
 * tables (0 bytes; or its log, which had them, was removed) was more once, unless there is no
 * ballast: then the first start was cut off before it made one.
 *
 * A mark file stands from before a damaged database is moved until the new one has its `loss`: a
 * start that is cut off in between must not look like a fresh one to the next.
 */
#include "io/store/database.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "io/store/ballast.h"
#include "io/store/store.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCHEMA_VERSION 2
#define LOSS_MARK      ".lost"

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

static const char *const statement_texts[STATEMENT_COUNT] = {
	[STATEMENT_RELEASE] = "DELETE FROM instances WHERE number = ?",
	[STATEMENT_REMOVE] = "DELETE FROM instances WHERE identity = ? AND number = ?",
	[STATEMENT_INSERT] = "INSERT INTO instances VALUES"
			     " (?,?,?,?,?,?,?,?,?,?, ?,?,?,?,?,?,?,?, ?,?,?,?,?,?,?,?)",
	[STATEMENT_IDENTITY] = "INSERT INTO identities VALUES (?, ?, ?) ON CONFLICT (identity)"
			       " DO UPDATE SET generation = excluded.generation,"
			       " owner = excluded.owner",
	[STATEMENT_NUMBER] = "UPDATE meta SET next_number = ?1 + 1 WHERE next_number <= ?1",
	[STATEMENT_ACCEPT_LOSS] = "UPDATE meta SET loss = 0",
	[STATEMENT_UNDO] = "UPDATE meta SET undone = undone + 1",
};

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
	case SQLITE_ERROR: /* our statements are right: the tables are not what they should be */
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

/* All of it: what makes a doubled claim impossible is an index, which quick_check does not look at.
 */
static int check_integrity(struct database *database)
{
	int64_t intact = 0;
	int result = database_query(
		database, "SELECT integrity_check = 'ok' FROM pragma_integrity_check(1)", &intact);

	return result ? result : intact ? 0 : STORE_DAMAGED;
}

/* Makes the schema in an empty database; `existed`: there was a file, and a ballast beside it. */
static int make_schema(struct database *database, bool existed)
{
	int64_t tables = 0;
	int result = database_query(database, "SELECT count(*) FROM sqlite_schema", &tables);

	if (result)
		return result;
	if (existed || tables > 0)
		return STORE_DAMAGED;
	return database_execute(database, rules_schema);
}

static int migrate(struct database *database, bool existed)
{
	int64_t version = 0;
	int result = database_query(database, "PRAGMA user_version", &version);

	if (result)
		return result;
	if (version > SCHEMA_VERSION)
		return STORE_NEWER;
	if (version < 0)
		return STORE_DAMAGED;
	if (version == 0)
		result = make_schema(database, existed);
	if (result == 0 && version < 2)
		result = database_execute(database, instances_schema);
	return result;
}

/* Checks and completes what was opened, as one transaction. */
static int take_up(struct database *database, bool existed, bool loss)
{
	int result = check_integrity(database);

	if (result == 0)
		result = migrate(database, existed);
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
	int result = database_error(
		database, sqlite3_open_v2(database->path, &database->handle,
				  SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
					  SQLITE_OPEN_EXRESCODE,
				  NULL));

	return result ? result
		      : database_execute(database, "PRAGMA locking_mode = EXCLUSIVE;"
						   "PRAGMA journal_mode = WAL;"
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

/* Size of the file of the database with this suffix; -1: there is none. */
static int64_t file_size(const struct database *database, const char *suffix)
{
	struct buffer path = {0};
	struct stat status;
	int result;

	buffer_format(&path, "%s%s", database->path, suffix);
	result = stat(buffer_string(&path), &status);
	buffer_done(&path);
	return result < 0 ? -1 : status.st_size;
}

/* Moves the file of the database with this suffix to the same name with the time in it. */
static int move_aside(const struct database *database, const char *suffix, int64_t when)
{
	struct buffer from = {0};
	struct buffer to = {0};
	int result = 0;

	buffer_format(&from, "%s%s", database->path, suffix);
	buffer_format(&to, "%s.damaged-%" PRId64 "%s", database->path, when, suffix);
	if (rename(buffer_string(&from), buffer_string(&to)) < 0 && errno != ENOENT)
		result = error_from_errno();
	buffer_done(&from);
	buffer_done(&to);
	return result;
}

/* The database first: without its log an older state of it could pass for whole. */
static int move_all_aside(const struct database *database)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
	int64_t when = clock_real();
	int result = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(suffixes) && result == 0; i++)
		result = move_aside(database, suffixes[i], when);
	return result;
}

static int sync_directory(const struct database *database)
{
	int directory = open(database->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = directory < 0 || fsync(directory) < 0 ? error_from_errno() : 0;

	if (directory >= 0)
		close(directory);
	return result;
}

static int set_mark(const struct database *database)
{
	struct buffer path = {0};
	int mark;
	int result;

	buffer_format(&path, "%s" LOSS_MARK, database->path);
	mark = open(buffer_string(&path), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	result = mark < 0 ? error_from_errno() : sync_directory(database);
	if (mark >= 0)
		close(mark);
	buffer_done(&path);
	return result;
}

static void remove_mark(const struct database *database)
{
	struct buffer path = {0};

	buffer_format(&path, "%s" LOSS_MARK, database->path);
	if (unlink(buffer_string(&path)) == 0)
		sync_directory(database);
	buffer_done(&path);
}

int database_start_again(struct database *database)
{
	int result = set_mark(database);

	/* the log is kept as it is: closing would copy it into the database and remove it */
	if (database->handle)
		sqlite3_db_config(database->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	disconnect(database);
	if (result == 0)
		result = move_all_aside(database);
	if (result == 0)
		result = connect_file(database);
	if (result == 0)
		result = take_up(database, false, true);
	if (result)
		return result;
	remove_mark(database);
	return STORE_DAMAGED;
}

/* Opens what the folder has. A log whose database has nothing is all that is left of one. */
static int open_existing(struct database *database, bool marked)
{
	bool existed = file_size(database, "") >= 0 && ballast_exists(database->ballast);
	int result;

	if (file_size(database, "") <= 0 && file_size(database, "-wal") > 0)
		return STORE_DAMAGED;
	result = connect_file(database);
	return result ? result : take_up(database, existed && !marked, marked);
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

static char *path_in(const char *directory, const char *name)
{
	struct buffer path = {0};
	char *copy;

	buffer_format(&path, "%s/%s", directory, name);
	copy = memory_duplicate(buffer_string(&path));
	buffer_done(&path);
	return copy;
}

int database_open(const char *directory, struct database *database)
{
	int result = directory[0] ? make_directory(directory) : -ENOENT;
	bool marked;

	database->directory = memory_duplicate(directory);
	database->path = path_in(directory, "hostdevd.db");
	database->ballast = path_in(directory, "ballast");
	if (result < 0)
		return result;
	marked = file_size(database, LOSS_MARK) >= 0;
	result = open_existing(database, marked);
	if (result == STORE_DAMAGED)
		return database_start_again(database);
	if (result || !marked)
		return result;
	remove_mark(database);
	return STORE_DAMAGED;
}

void database_done(struct database *database)
{
	disconnect(database);
	free(database->directory);
	free(database->path);
	free(database->ballast);
}
