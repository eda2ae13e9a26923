/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must outlive the daemon, in one SQLite database in the state folder: by now the texts of
 * the last good rules. WAL with synchronous=FULL: what store_* acknowledged survives a power cut.
 * The lock is exclusive, so a second daemon on the same folder is refused.
 */
#pragma once

#include "rules/load.h"

struct store;

enum {
	STORE_IN_USE = 1,  /* another process has the database open */
	STORE_NEWER = 2,   /* written by a newer version with a schema unknown here */
	STORE_DAMAGED = 3, /* was damaged: moved aside, and an empty one begun; the store is open */
};

/* Opens or makes `directory` (0700) and the database in it. Negative: -errno. */
int store_open(const char *directory, struct store **ret_store);
struct store *store_free(struct store *store);

/* Replaces the last good rules by `texts` (of struct rule_text), all or nothing. */
int store_save_rules(struct store *store, const struct vector *texts);

/* Appends the last good rules to ret_texts (of struct rule_text); nothing if there are none. */
int store_load_rules(struct store *store, struct vector *ret_texts);
