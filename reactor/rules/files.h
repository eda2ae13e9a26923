/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding and reading rule files; the only place of rules/ that opens anything. */
#pragma once

#include "rules/load.h"

#include <sys/types.h>

/* /usr/lib/hostdevd/rules.d, /run/hostdevd/rules.d, /etc/hostdevd/rules.d; NULL-terminated. */
extern const char *const rule_default_directories[];

/*
 * Reads the *.conf files of `directories` (of char *): the later one wins for the same file name,
 * a link to /dev/null masks, all are sorted by name together. A missing directory is an empty one,
 * but if somebody `named` them, an error: its rules would be gone by a slip of the pen.
 * Refuses, as an error of the file: what is no regular file, larger than 4 MiB, over 16 MiB in
 * all, not owned by root or `uid`, as a link too, world-writable, or group-writable unless the
 * group is root's or the owner's own (for `uid`: the one that the process runs with). A directory
 * of that kind is refused likewise. Appends to ret_texts (of struct rule_text). 0 or LOAD_INVALID.
 */
int rule_files_read(const struct vector *directories, bool named, uid_t uid,
	struct rule_errors *errors, struct vector *ret_texts);

/* Reads one file with the same checks; a link to /dev/null is an empty one. 0 or LOAD_INVALID. */
int rule_file_read(
	const char *file, uid_t uid, struct rule_errors *errors, struct vector *ret_texts);
