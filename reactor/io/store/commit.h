/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to io/store. A batch as a transaction, on a full disk too. */
#pragma once

#include "io/store/database.h"
#include "model/record.h"

/* Writes the batch and sets its outcome, which holds once database->doubt is over. */
void commit_batch(struct database *database, struct batch *batch);
