/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to io/store. Instances and identities as rows. */
#pragma once

#include "io/store/database.h"
#include "model/record.h"

/* Within a transaction: the writes of a batch, as model/record.h says. */
int rows_put(struct database *database, const struct instance_record *record);
int rows_delete(struct database *database, int64_t number);

/* Everything, checked: STORE_DAMAGED if no daemon can have written it so. */
int rows_load(struct database *database, struct stored *ret_stored);
