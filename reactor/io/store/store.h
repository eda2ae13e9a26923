/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must outlive the daemon, in one SQLite database in the state folder: instances, identities,
 * the texts of the last good rules. WAL with synchronous=FULL: what the store acknowledged survives
 * a power cut. The lock is exclusive, so a second daemon on the same folder is refused.
 *
 * Until store_start the caller's thread has the database; from then on the writer thread alone,
 * which is handed one job at a time. A slow disk stops nobody but those who wait for their job.
 *
 * Damage: a database that cannot be read, fails its check, or holds rows that no daemon writes; one
 * of 0 bytes or without tables where the folder's other files say that there was more. It is kept
 * as hostdevd.db.damaged-*, and the new one has `loss` until a WRITE_ACCEPT_LOSS is committed. A
 * database that was removed, together with its -wal, is a fresh start: somebody wanted that.
 */
#pragma once

#include "io/store/outcome.h"
#include "model/record.h"
#include "rules/load.h"

struct store;

/*
 * Opens or makes `directory` (0700) and the database in it. Negative: -errno; -ENOTSUP: this SQLite
 * refuses a statement of ours; -EUCLEAN: an empty database, begun for a damaged one, counts as
 * damaged too. What was there stays there or, once, beside it.
 */
int store_open(const char *directory, struct store **ret_store);

/*
 * Ends the thread, after the jobs that were handed over; a batch that nobody took goes with it.
 * Waits for a disk that hangs.
 */
struct store *store_free(struct store *store);

/* Appends the last good rules to ret_texts (of struct rule_text); nothing if there are none. */
int store_load_rules(struct store *store, struct vector *ret_texts);

/*
 * Everything about instances, before store_start; stored_done frees it. STORE_DAMAGED: as of
 * store_open, and *ret_stored is what the empty database has; the last good rules went too.
 */
int store_load(struct store *store, struct stored *ret_stored);

/* Starts the writer thread, with all signals blocked in it. Negative: -errno. */
int store_start(struct store *store);

/*
 * Readable while store_take_finished has something to return, or store_rules_error something that
 * it has not returned yet.
 */
int store_descriptor(const struct store *store);

/*
 * Hands over a batch (taken over), after store_start. One is written at a time: only while
 * store_is_writing says no, which is so again when store_take_finished has returned the last one.
 *
 * All its writes are one transaction. A full disk: with essential writes in the batch, the ballast
 * file is given up and they are tried without the others (BATCH_ESSENTIAL, or BATCH_COMMITTED if
 * there were no others); without, it has failed: others never get the ballast. What was given up
 * and not used is taken back at once, the rest after a later commit.
 *
 * An outcome is only given when it is certain. Where a commit failed so late that a restart could
 * find it in the log, the store first takes its place there, again and again while the disk refuses
 * that; to the caller this is a slow disk.
 *
 * The error of a batch: -ENOSPC, -EEXIST (another instance has the identity or the number), -EINVAL
 * (a row that breaks the schema), -EUCLEAN (the database is damaged), or the system's.
 */
void store_write(struct store *store, struct batch *batch);
bool store_is_writing(const struct store *store);

/* The batch that was handed over, with its outcome, or NULL while it is being written. */
struct batch *store_take_finished(struct store *store);

/*
 * Has the last good rules replaced by copies of `texts` (of struct rule_text), all or nothing;
 * later ones overtake those that wait. Before store_start it is done on return.
 * store_retry_rules: once more those that were not written, if there are any; after store_start.
 * store_rules_error: what came of the last that was written: 0, negative -errno, or one of the
 * outcomes above.
 */
void store_save_rules(struct store *store, const struct vector *texts);
void store_retry_rules(struct store *store);
int store_rules_error(struct store *store);
