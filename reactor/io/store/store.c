/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/store/store.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCHEMA_VERSION 1

struct store {
	sqlite3 *database;
	char *directory;
	char *path; /* of the database in it */
};

static const char schema[] = "CREATE TABLE last_good_rules("
			     " position INTEGER PRIMARY KEY,"
			     " file TEXT NOT NULL,"
			     " bytes BLOB NOT NULL) STRICT;"
			     "PRAGMA user_version = 1;";

/* SQLite's result as ours: the system's own error where there is one. */
static int store_error(struct store *store, int code)
{
	int system = sqlite3_system_errno(store->database);

	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return STORE_IN_USE;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return STORE_DAMAGED;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN: /* SQLite's own errno may be of another file */
		return access(store->directory, W_OK) < 0 ? error_from_errno() : -EACCES;
	default:
		return system > 0 ? -system : -EIO;
	}
}

static int execute(struct store *store, const char *statement)
{
	return store_error(store, sqlite3_exec(store->database, statement, NULL, NULL, NULL));
}

/* Runs a statement that answers one integer. */
static int query_number(struct store *store, const char *query, int64_t *ret_number)
{
	sqlite3_stmt *statement = NULL;
	int result = store_error(
		store, sqlite3_prepare_v2(store->database, query, -1, &statement, NULL));

	if (result == 0)
		result = store_error(store, sqlite3_step(statement));
	if (result == 0)
		*ret_number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return result;
}

static int check_integrity(struct store *store)
{
	int64_t intact = 0;
	int result = query_number(
		store, "SELECT quick_check = 'ok' FROM pragma_quick_check(1)", &intact);

	return result ? result : intact ? 0 : STORE_DAMAGED;
}

/* Makes the schema in a new database, or refuses one that is newer than this program. */
static int migrate(struct store *store)
{
	int64_t version = 0;
	int result = query_number(store, "PRAGMA user_version", &version);

	if (result)
		return result;
	if (version > SCHEMA_VERSION)
		return STORE_NEWER;
	return version == SCHEMA_VERSION ? 0 : execute(store, schema);
}

static int open_database(struct store *store)
{
	int result = store_error(store,
		sqlite3_open_v2(store->path, &store->database,
			SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL));

	if (result == 0)
		result = execute(store, "PRAGMA locking_mode = EXCLUSIVE;"
					"PRAGMA journal_mode = WAL;"
					"PRAGMA synchronous = FULL;"
					"BEGIN IMMEDIATE;");
	if (result)
		return result;
	result = check_integrity(store);
	if (result == 0)
		result = migrate(store);
	if (result == 0)
		return execute(store, "COMMIT");
	execute(store, "ROLLBACK");
	return result;
}

/* Moves the file of the database with this suffix to the same name with the time in it. */
static int move_aside(const struct store *store, const char *suffix, int64_t when)
{
	struct buffer from = {0};
	struct buffer to = {0};
	int result = 0;

	buffer_format(&from, "%s%s", store->path, suffix);
	buffer_format(&to, "%s.damaged-%" PRId64 "%s", store->path, when, suffix);
	if (rename(buffer_string(&from), buffer_string(&to)) < 0 && errno != ENOENT)
		result = error_from_errno();
	buffer_done(&from);
	buffer_done(&to);
	return result;
}

/*
 * Keeps the damaged database, with the log that may be its newest part, for whoever wants to look
 * at it, and begins an empty one.
 */
static int start_again(struct store *store)
{
	int64_t when = clock_real() / CLOCK_SECOND;
	int result;

	sqlite3_close(store->database);
	store->database = NULL;
	result = move_aside(store, "", when);
	if (result == 0)
		result = move_aside(store, "-wal", when);
	if (result == 0)
		result = move_aside(store, "-shm", when);
	if (result == 0)
		result = open_database(store);
	return result ? result : STORE_DAMAGED;
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

int store_open(const char *directory, struct store **ret_store)
{
	struct store *store;
	struct buffer path = {0};
	int result = directory[0] ? make_directory(directory) : -ENOENT;

	if (result < 0)
		return result;
	store = memory_allocate(sizeof(*store));
	store->directory = memory_duplicate(directory);
	buffer_format(&path, "%s/hostdevd.db", directory);
	store->path = memory_duplicate(buffer_string(&path));
	buffer_done(&path);
	result = open_database(store);
	if (result == STORE_DAMAGED)
		result = start_again(store);
	if (result == 0 || result == STORE_DAMAGED)
		*ret_store = store;
	else
		store_free(store);
	return result;
}

struct store *store_free(struct store *store)
{
	if (!store)
		return NULL;
	sqlite3_close(store->database);
	free(store->directory);
	free(store->path);
	free(store);
	return NULL;
}

static int insert_rules(struct store *store, const struct vector *texts)
{
	sqlite3_stmt *statement = NULL;
	int result =
		store_error(store, sqlite3_prepare_v2(store->database,
					   "INSERT INTO last_good_rules(file, bytes) VALUES (?, ?)",
					   -1, &statement, NULL));

	for (size_t i = 0; i < texts->count && result == 0; i++) {
		const struct rule_text *text = texts->items[i];

		sqlite3_bind_text(statement, 1, text->file, -1, SQLITE_STATIC);
		sqlite3_bind_blob64(statement, 2, text->bytes, text->length, SQLITE_STATIC);
		result = store_error(store, sqlite3_step(statement));
		sqlite3_reset(statement);
	}
	sqlite3_finalize(statement);
	return result;
}

int store_save_rules(struct store *store, const struct vector *texts)
{
	int result = execute(store, "BEGIN IMMEDIATE; DELETE FROM last_good_rules;");

	if (result == 0)
		result = insert_rules(store, texts);
	if (result == 0)
		result = execute(store, "COMMIT");
	if (result)
		execute(store, "ROLLBACK");
	return result;
}

static struct rule_text *read_rule_text(sqlite3_stmt *statement)
{
	struct rule_text *text = memory_allocate(sizeof(*text));

	text->length = (size_t)sqlite3_column_bytes(statement, 1);
	text->file = memory_duplicate((const char *)sqlite3_column_text(statement, 0));
	text->bytes = memory_allocate(text->length + 1);
	if (text->length > 0)
		memcpy(text->bytes, sqlite3_column_blob(statement, 1), text->length);
	return text;
}

int store_load_rules(struct store *store, struct vector *ret_texts)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(store->database,
		"SELECT file, bytes FROM last_good_rules ORDER BY position", -1, &statement, NULL);

	if (code == SQLITE_OK)
		while ((code = sqlite3_step(statement)) == SQLITE_ROW)
			vector_add(ret_texts, read_rule_text(statement));
	sqlite3_finalize(statement);
	return store_error(store, code);
}
