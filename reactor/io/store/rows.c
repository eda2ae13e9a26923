/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/store/rows.h"

#include "base/memory.h"
#include "io/store/outcome.h"

#include <string.h>

/* Columns of `instances`, in the table's order. */
enum column {
	COLUMN_IDENTITY,
	COLUMN_NUMBER,
	COLUMN_DEVICE,
	COLUMN_GROUP,
	COLUMN_KIND,
	COLUMN_VM,
	COLUMN_TENANT,
	COLUMN_UID,
	COLUMN_GENERATION,
	COLUMN_SINCE,
	COLUMN_GRANT,		       /* the first of HOLD_COLUMNS */
	COLUMN_USE = COLUMN_GRANT + 8, /* likewise */
};

/* Columns of a hold, from its first on. */
enum hold_column {
	HOLD_LIFE,
	HOLD_PID,
	HOLD_START,
	HOLD_BOOT,
	HOLD_TOKEN,
	HOLD_TOKEN_UID,
	HOLD_COUNT,
	HOLD_BIND_BY,
};

static void bind_string(sqlite3_stmt *statement, int column, const char *string)
{
	sqlite3_bind_text(statement, column + 1, string, -1, SQLITE_STATIC); /* NULL is NULL */
}

static void bind_number(sqlite3_stmt *statement, int column, int64_t number)
{
	sqlite3_bind_int64(statement, column + 1, number);
}

static void bind_hold(sqlite3_stmt *statement, int first, const struct hold_record *hold)
{
	bind_string(statement, first + HOLD_LIFE, life_name(hold->life));
	bind_number(statement, first + HOLD_PID, hold->process.pid);
	bind_number(statement, first + HOLD_START, (int64_t)hold->process.start);
	bind_string(statement, first + HOLD_BOOT, hold->process.boot);
	bind_string(statement, first + HOLD_TOKEN, hold->token);
	bind_number(statement, first + HOLD_TOKEN_UID, hold->token_uid);
	bind_number(statement, first + HOLD_COUNT, hold->count);
	bind_number(statement, first + HOLD_BIND_BY, hold->bind_by);
}

static void bind_record(sqlite3_stmt *statement, const struct instance_record *record)
{
	bind_string(statement, COLUMN_IDENTITY, record->identity);
	bind_number(statement, COLUMN_NUMBER, record->number);
	bind_string(statement, COLUMN_DEVICE, record->device);
	bind_string(statement, COLUMN_GROUP, record->group);
	bind_string(statement, COLUMN_KIND, kind_name(record->kind));
	bind_string(statement, COLUMN_VM, record->vm);
	bind_string(statement, COLUMN_TENANT, record->tenant);
	bind_number(statement, COLUMN_UID, record->uid);
	bind_number(statement, COLUMN_GENERATION, record->generation);
	bind_number(statement, COLUMN_SINCE, record->since);
	bind_hold(statement, COLUMN_GRANT, &record->grant);
	bind_hold(statement, COLUMN_USE, &record->use);
}

/*
 * The row that has both goes and comes back. One that has only the identity, or only the number,
 * stays, and makes the insertion a constraint error: an upsert would have overwritten it.
 */
static int put_instance(struct database *database, const struct instance_record *record)
{
	sqlite3_stmt *statement;
	int result = database_prepare(database, STATEMENT_REMOVE, &statement);

	if (result)
		return result;
	bind_string(statement, 0, record->identity);
	bind_number(statement, 1, record->number);
	result = database_step(database, statement);
	if (result == 0)
		result = database_prepare(database, STATEMENT_INSERT, &statement);
	if (result)
		return result;
	bind_record(statement, record);
	return database_step(database, statement);
}

static int put_identity(struct database *database, const struct instance_record *record)
{
	sqlite3_stmt *statement;
	int result = database_prepare(database, STATEMENT_IDENTITY, &statement);
	char *owner;

	if (result)
		return result;
	owner = record_owner(record->vm, record->tenant);
	bind_string(statement, 0, record->identity);
	bind_number(statement, 1, record->generation);
	bind_string(statement, 2, owner);
	result = database_step(database, statement);
	free(owner);
	return result;
}

static int run_with_number(struct database *database, enum statement which, int64_t number)
{
	sqlite3_stmt *statement;
	int result = database_prepare(database, which, &statement);

	if (result)
		return result;
	bind_number(statement, 0, number);
	return database_step(database, statement);
}

int rows_put(struct database *database, const struct instance_record *record)
{
	int result = put_instance(database, record);

	if (result == 0)
		result = put_identity(database, record);
	if (result == 0)
		result = run_with_number(database, STATEMENT_NUMBER, record->number);
	return result;
}

int rows_delete(struct database *database, int64_t number)
{
	return run_with_number(database, STATEMENT_RELEASE, number);
}

/* A row being read; what cannot have been written is noted and read as something harmless. */
struct reader {
	sqlite3_stmt *row;
	bool damaged;
};

/* A copy, NULL for NULL. */
static char *read_string(struct reader *reader, int column)
{
	bool absent = sqlite3_column_type(reader->row, column) == SQLITE_NULL;
	const char *string = (const char *)sqlite3_column_text(reader->row, column);

	if (absent)
		return NULL;
	if (!string)
		abort(); /* no memory */
	if (strlen(string) != (size_t)sqlite3_column_bytes(reader->row, column))
		reader->damaged = true;
	return memory_duplicate(string);
}

static char *read_required(struct reader *reader, int column)
{
	char *string = read_string(reader, column);

	if (!string || !string[0])
		reader->damaged = true;
	return string;
}

static int64_t read_number(struct reader *reader, int column, int64_t least)
{
	int64_t number = sqlite3_column_int64(reader->row, column);

	if (sqlite3_column_type(reader->row, column) != SQLITE_INTEGER || number < least)
		reader->damaged = true;
	return number;
}

static enum kind read_kind(struct reader *reader, int column)
{
	char *name = read_string(reader, column);
	enum kind kind = name ? kind_find(name) : KIND_COUNT;

	free(name);
	if (kind == KIND_COUNT)
		reader->damaged = true;
	return kind;
}

static enum life read_life(struct reader *reader, int column)
{
	char *name = read_string(reader, column);
	enum life life = name ? life_find(name) : LIFE_COUNT;

	free(name);
	if (life == LIFE_COUNT)
		reader->damaged = true;
	return life;
}

static void read_boot(struct reader *reader, int column, char ret_boot[static BOOT_ID_SIZE])
{
	char *boot = read_string(reader, column);

	if (boot && strlen(boot) < BOOT_ID_SIZE)
		strcpy(ret_boot, boot);
	else
		reader->damaged = true;
	free(boot);
}

static void read_hold(struct reader *reader, int first, struct hold_record *hold)
{
	hold->life = read_life(reader, first + HOLD_LIFE);
	hold->process.pid = read_number(reader, first + HOLD_PID, 0);
	hold->process.start = (uint64_t)read_number(reader, first + HOLD_START, INT64_MIN);
	read_boot(reader, first + HOLD_BOOT, hold->process.boot);
	hold->token = read_string(reader, first + HOLD_TOKEN);
	hold->token_uid = read_number(reader, first + HOLD_TOKEN_UID, 0);
	hold->count = read_number(reader, first + HOLD_COUNT, 0);
	hold->bind_by = read_number(reader, first + HOLD_BIND_BY, 0);
}

static void *read_instance(struct reader *reader)
{
	struct instance_record *record = memory_allocate(sizeof(*record));

	record->identity = read_required(reader, COLUMN_IDENTITY);
	record->number = read_number(reader, COLUMN_NUMBER, 1);
	record->device = read_required(reader, COLUMN_DEVICE);
	record->group = read_required(reader, COLUMN_GROUP);
	record->kind = read_kind(reader, COLUMN_KIND);
	record->vm = read_string(reader, COLUMN_VM);
	record->tenant = read_string(reader, COLUMN_TENANT);
	record->uid = read_number(reader, COLUMN_UID, 0);
	record->generation = read_number(reader, COLUMN_GENERATION, 0);
	record->since = read_number(reader, COLUMN_SINCE, 0);
	read_hold(reader, COLUMN_GRANT, &record->grant);
	read_hold(reader, COLUMN_USE, &record->use);
	if (!record->vm && !record->tenant)
		reader->damaged = true;
	return record;
}

static void *read_identity(struct reader *reader)
{
	struct identity_record *record = memory_allocate(sizeof(*record));

	record->identity = read_required(reader, 0);
	record->generation = read_number(reader, 1, 0);
	record->owner = read_required(reader, 2);
	if (record->owner && strncmp(record->owner, "vm:", 3) != 0 &&
		strncmp(record->owner, "tenant:", 7) != 0)
		reader->damaged = true;
	return record;
}

static int load(struct database *database, const char *query, void *read(struct reader *),
	struct vector *records)
{
	struct reader reader = {0};
	int code = sqlite3_prepare_v2(database->handle, query, -1, &reader.row, NULL);

	while (code == SQLITE_OK || code == SQLITE_ROW)
		if ((code = sqlite3_step(reader.row)) == SQLITE_ROW)
			vector_add(records, read(&reader));
	sqlite3_finalize(reader.row);
	return reader.damaged ? STORE_DAMAGED : database_error(database, code);
}

/* One row in meta, no number that is to come, and the identity of each instance as it put it. */
static const char consistent_query[] =
	"SELECT (SELECT count(*) FROM meta) = 1"
	" AND (SELECT next_number FROM meta) >"
	"  (SELECT coalesce(max(number), 0) FROM instances)"
	" AND NOT EXISTS (SELECT * FROM instances LEFT JOIN identities USING (identity)"
	"  WHERE identities.generation IS NOT instances.generation)";

static int load_meta(struct database *database, struct stored *stored)
{
	int64_t consistent = 0;
	int64_t loss = 0;
	int result = database_query(database, consistent_query, &consistent);

	if (result == 0 && !consistent)
		result = STORE_DAMAGED;
	if (result == 0)
		result = database_query(
			database, "SELECT next_number FROM meta", &stored->next_number);
	if (result == 0)
		result = database_query(database, "SELECT loss FROM meta", &loss);
	stored->loss = loss != 0;
	return result;
}

int rows_load(struct database *database, struct stored *ret_stored)
{
	struct stored stored = {0};
	int result = load_meta(database, &stored);

	if (result == 0)
		result = load(database, "SELECT * FROM instances ORDER BY number", read_instance,
			&stored.instances);
	if (result == 0)
		result = load(
			database, "SELECT * FROM identities", read_identity, &stored.identities);
	if (result == 0)
		*ret_stored = stored;
	else
		stored_done(&stored);
	return result;
}
