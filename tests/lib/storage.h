/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A store in a temporary folder, and batches for it. Everything fails the running cmocka test. */
#pragma once

#include "io/store/store.h"

struct storage {
	char path[64];
	struct store *store; /* NULL while it is closed */
};

/* A new folder below `parent`, with the store open and its thread running. */
void storage_make(struct storage *storage, const char *parent);
void storage_remove(struct storage *storage);

/* Opens it, which must give `want`, and starts the thread. */
void storage_open(struct storage *storage, int want);
void storage_close(struct storage *storage);

/* What the database has, without the thread: the store is open afterwards. */
void storage_load(struct storage *storage, int want, struct stored *ret_stored);

/*
 * As a start after kill -9 finds the folder now: `ret_copy` has its files and is not open; the
 * store goes on. storage_remove it.
 */
void storage_copy(const struct storage *storage, struct storage *ret_copy);

/* An SQL statement from outside, while the store is closed. */
void storage_sql(const struct storage *storage, const char *statements);

/* An instance of the VM `vm-NUMBER`, of group gpus. */
struct instance_record *storage_record(int64_t number, const char *identity);

/* Adds writes; a put without identity is of `identity-NUMBER`. */
void storage_put(struct batch *batch, int64_t number, bool essential);
void storage_delete(struct batch *batch, int64_t number, bool essential);

/* Waits at most `milliseconds` (-1: for ever); NULL: it is not finished. */
struct batch *storage_wait(struct storage *storage, int milliseconds);

/* Writes the batch and frees it. */
enum batch_outcome storage_commit(struct storage *storage, struct batch *batch, int *ret_error);

/* Writes one write, which must be committed. */
void storage_commit_put(struct storage *storage, int64_t number);

/* The instance of that number, or NULL. */
const struct instance_record *storage_find(const struct stored *stored, int64_t number);
