/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A disk that fails or hangs when it is told to: a layer below SQLite, for every database that is
 * opened after faulty_disk_insert. Calls that count are the writes, syncs and truncations of the
 * chosen files.
 */
#pragma once

#include <stdbool.h>

enum faulty_file {
	FAULTY_LOG,	 /* the -wal */
	FAULTY_DATABASE, /* the file itself */
};

void faulty_disk_insert(void);

/*
 * From now on the `from`th call on such a file fails, a write after its first half; or, if
 * `lasting`, all from it on, and nothing is done.
 */
void faulty_disk_fail(enum faulty_file file, int from, bool lasting);

/* Nothing fails or hangs any more. */
void faulty_disk_heal(void);

/* How many calls counted since faulty_disk_fail, and how many of them failed. */
int faulty_disk_calls(void);
int faulty_disk_failures(void);

/* Syncs of logs hang until faulty_disk_heal; faulty_disk_wait waits until one does. */
void faulty_disk_hang(void);
void faulty_disk_wait(void);
