/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A temporary folder that a test fills with files and links, for code that reads below a folder's
 * descriptor. Every function fails the running cmocka test when it cannot do its work.
 */
#pragma once

#include <limits.h>
#include <stddef.h>

struct tree {
	char path[PATH_MAX];
	int descriptor; /* of the folder */
};

void tree_make(struct tree *tree);
void tree_remove(struct tree *tree);

/* `name` may have slashes: the folders on the way are made. */
void tree_write(struct tree *tree, const char *name, const char *content);
void tree_write_bytes(struct tree *tree, const char *name, const char *bytes, size_t length);
void tree_link(struct tree *tree, const char *name, const char *target);
