/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to io/store. Transactions whose outcome is true, whatever the disk does. */
#pragma once

#include "io/store/database.h"

typedef int transaction_work(struct database *database, const void *context);

/*
 * Runs `work` as one transaction: all of it is on the disk, or, with an error, nothing of it counts
 * to this connection, and nothing of it can come back later unless database->doubt is set then.
 */
int transaction_run(struct database *database, transaction_work *work, const void *context);

/* Ends the doubt, if the disk lets it; on a full one the next try has the ballast. */
void transaction_undo(struct database *database);
