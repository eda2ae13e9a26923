/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/store/last_good.h"

#include "io/store/transaction.h"
#include "rules/load.h"

static int insert(struct database *database, const struct vector *texts)
{
	sqlite3_stmt *statement = NULL;
	int result = database_error(
		database, sqlite3_prepare_v2(database->handle,
				  "INSERT INTO last_good_rules(file, bytes) VALUES (?, ?)", -1,
				  &statement, NULL));

	for (size_t i = 0; i < texts->count && result == 0; i++) {
		const struct rule_text *text = texts->items[i];

		sqlite3_bind_text(statement, 1, text->file, -1, SQLITE_STATIC);
		sqlite3_bind_blob64(statement, 2, text->bytes, text->length, SQLITE_STATIC);
		result = database_step(database, statement);
	}
	sqlite3_finalize(statement);
	return result;
}

static int replace(struct database *database, const void *texts)
{
	int result = database_execute(database, "DELETE FROM last_good_rules");

	return result ? result : insert(database, texts);
}

int last_good_save(struct database *database, const struct vector *texts)
{
	return transaction_run(database, replace, texts);
}

int last_good_load(struct database *database, struct vector *ret_texts)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(database->handle,
		"SELECT file, bytes FROM last_good_rules ORDER BY position", -1, &statement, NULL);

	if (code == SQLITE_OK)
		while ((code = sqlite3_step(statement)) == SQLITE_ROW)
			vector_add(ret_texts,
				rule_text_new((const char *)sqlite3_column_text(statement, 0),
					sqlite3_column_blob(statement, 1),
					(size_t)sqlite3_column_bytes(statement, 1)));
	sqlite3_finalize(statement);
	return database_error(database, code);
}
