/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the store does, in memory: rows of instances and identities, all or nothing, an identity at
 * most once. A write that the real store's constraints would refuse fails the test.
 */
#pragma once

#include "model/record.h"

struct ledger {
	struct vector instances;  /* of struct instance_record, by number */
	struct vector identities; /* of struct identity_record */
	int64_t next_number;	  /* 0: 1 */
	bool loss;
};

void ledger_done(struct ledger *ledger);

/* Writes what `outcome` lets through, and says so in the batch. */
void ledger_write(struct ledger *ledger, struct batch *batch, enum batch_outcome outcome);

/* Copies of everything, as store_load gives them. */
void ledger_read(const struct ledger *ledger, struct stored *ret_stored);

/* The row of this number, or NULL. */
const struct instance_record *ledger_find(const struct ledger *ledger, int64_t number);

/* Whether two rows say the same but for the device's id. */
bool ledger_same(const struct instance_record *left, const struct instance_record *right);
