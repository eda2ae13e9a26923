/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to io/store. What is done about a damaged database. */
#pragma once

#include "io/store/database.h"

/*
 * Opens the database as database_open does; a damaged one is kept aside and an empty one begun,
 * with `loss`: STORE_DAMAGED.
 */
int damage_open(const char *directory, struct database *database);

/*
 * Likewise for an open database whose rows are damaged. At most once in the life of `database`: if
 * an empty one is damaged as well, the cause is not in the file, and it is -EUCLEAN.
 */
int damage_start_again(struct database *database);
