/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can come of opening and reading the database, other than 0 and -errno. */
#pragma once

enum {
	STORE_IN_USE = 1,  /* another process has the database open */
	STORE_NEWER = 2,   /* written by a newer version with a schema unknown here; untouched */
	STORE_DAMAGED = 3, /* was damaged: moved aside, and an empty one begun; the store is open */
};
