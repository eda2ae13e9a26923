/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * On a full disk claims fail and releases must not. The order: the whole batch; if there is no room
 * for it and something in it is essential, the ballast is given up and the essential writes are
 * tried alone. Then the log is copied into the database, so that the next ones are written from its
 * start again, over blocks that are ours already, and what is left of the ballast is taken back.
 * Rejected: the whole batch once more with the ballast given up, since claims would eat it.
 */
#include "io/store/commit.h"

#include "base/error.h"
#include "io/store/ballast.h"
#include "io/store/outcome.h"
#include "io/store/rows.h"
#include "io/store/transaction.h"

static int apply(struct database *database, const struct write *write)
{
	switch (write->type) {
	case WRITE_PUT:
		return rows_put(database, write->record);
	case WRITE_DELETE:
		return rows_delete(database, write->number);
	case WRITE_ACCEPT_LOSS:
		return database_execute(database, "UPDATE meta SET loss = 0");
	}
	return -EINVAL;
}

static int apply_all(struct database *database, const void *writes)
{
	const struct vector *all = writes;
	int result = 0;

	for (size_t i = 0; i < all->count && result == 0; i++)
		result = apply(database, all->items[i]);
	return result;
}

/* Borrowed from the batch. */
static struct vector find_essential(const struct batch *batch)
{
	struct vector essential = {0};

	for (size_t i = 0; i < batch->writes.count; i++) {
		struct write *write = batch->writes.items[i];

		if (write->essential)
			vector_add(&essential, write);
	}
	return essential;
}

static int commit_essential(struct database *database, const struct vector *essential)
{
	int result;

	ballast_give_up(database->ballast);
	result = transaction_run(database, apply_all, essential);
	if (result == 0)
		sqlite3_wal_checkpoint_v2(
			database->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	ballast_take(database->ballast);
	return result;
}

static void set_outcome(struct batch *batch, enum batch_outcome outcome, int result)
{
	batch->outcome = outcome;
	batch->error = result == STORE_IN_USE ? -EBUSY : result > 0 ? -EUCLEAN : result;
}

void commit_batch(struct database *database, struct batch *batch)
{
	int result = transaction_run(database, apply_all, &batch->writes);
	struct vector essential = {0};

	if (result == -ENOSPC)
		essential = find_essential(batch);
	if (result == 0) {
		ballast_take(database->ballast);
		set_outcome(batch, BATCH_COMMITTED, 0);
	} else if (essential.count == 0) {
		set_outcome(batch, BATCH_FAILED, result);
	} else {
		int again = commit_essential(database, &essential);

		if (again)
			set_outcome(batch, BATCH_FAILED, again);
		else if (essential.count < batch->writes.count)
			set_outcome(batch, BATCH_ESSENTIAL, result);
		else
			set_outcome(batch, BATCH_COMMITTED, 0);
	}
	vector_done(&essential);
}
