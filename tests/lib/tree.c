/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/tree.h"
#include "lib/unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void tree_make(struct tree *tree)
{
	snprintf(tree->path, sizeof(tree->path), "/tmp/hostdevd-test-XXXXXX");
	assert_non_null(mkdtemp(tree->path));
	tree->descriptor = open(tree->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(tree->descriptor >= 0);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(path);
}

void tree_remove(struct tree *tree)
{
	close(tree->descriptor);
	assert_int_equal(nftw(tree->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void make_folders(struct tree *tree, const char *name)
{
	char folder[PATH_MAX];

	for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - name), name);
		mkdirat(tree->descriptor, folder, 0755);
	}
}

void tree_write(struct tree *tree, const char *name, const char *content)
{
	tree_write_bytes(tree, name, content, strlen(content));
}

void tree_write_bytes(struct tree *tree, const char *name, const char *bytes, size_t length)
{
	int file;

	make_folders(tree, name);
	file = openat(tree->descriptor, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(file >= 0);
	assert_int_equal(write(file, bytes, length), (ssize_t)length);
	close(file);
}

void tree_link(struct tree *tree, const char *name, const char *target)
{
	make_folders(tree, name);
	assert_int_equal(symlinkat(target, tree->descriptor, name), 0);
}
