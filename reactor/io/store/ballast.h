/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to io/store. The ballast: a file that only takes room on the disk, to be given up when
 * something essential must be written and there is none left. It stays in the folder when it is
 * empty: database.c reads from it that there was a database.
 */
#pragma once

#include <stdbool.h>

bool ballast_exists(const char *path);

/* Takes as much of the room as there is, if the file has not all of it; makes the file. */
void ballast_take(const char *path);

/* The room is free afterwards. */
void ballast_give_up(const char *path);
