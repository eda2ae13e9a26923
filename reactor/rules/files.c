/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening a fifo or a device node does things, so each file is first taken by O_PATH, judged by
 * that, and read through it: nothing can be swapped in between.
 */
#include "rules/files.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define FILE_MOST ((size_t)4 << 20)
#define SUM_MOST  ((size_t)16 << 20)

const char *const rule_default_directories[] = {
	"/usr/lib/hostdevd/rules.d",
	"/run/hostdevd/rules.d",
	"/etc/hostdevd/rules.d",
	NULL,
};

struct found_file {
	char *path;
	const char *name; /* in path */
	size_t directory; /* its place among the directories */
};

static void add_found(
	struct vector *found, const char *directory, const char *name, size_t directory_at)
{
	struct found_file *file = memory_allocate(sizeof(*file));

	file->path = memory_format("%s/%s", directory, name);
	file->name = strrchr(file->path, '/') + 1;
	file->directory = directory_at;
	vector_add(found, file);
}

/* As a shell's *.conf: no hidden files, which editors leave behind. */
static bool is_rule_file(const char *name)
{
	size_t length = strlen(name);

	return name[0] != '.' && length > 5 && strcmp(name + length - 5, ".conf") == 0;
}

/*
 * Whether `group` is root's, or that of `owner`, who is root or the one that runs us: so no user
 * need be looked up, which may take long.
 */
static bool is_own_group(uid_t owner, gid_t group)
{
	return group == 0 || (owner == geteuid() && group == getegid());
}

/* Whether only root, `uid` and their own groups decide what is there; else an error was added. */
static bool check_trust(
	const char *path, const struct stat *status, uid_t uid, struct rule_errors *errors)
{
	if (status->st_uid != 0 && status->st_uid != uid)
		rule_errors_add(errors, path, 0, "chown root it", "owned by user %u",
			(unsigned)status->st_uid);
	else if (status->st_mode & S_IWOTH)
		rule_errors_add(errors, path, 0, "chmod o-w it", "everybody may write it");
	else if ((status->st_mode & S_IWGRP) && !is_own_group(status->st_uid, status->st_gid))
		rule_errors_add(errors, path, 0, "chmod g-w it", "group %u may write it",
			(unsigned)status->st_gid);
	else
		return true;
	return false;
}

struct reader {
	uid_t uid;
	bool named; /* the directories must be there */
	size_t sum; /* bytes read so far */
	struct rule_errors *errors;
	struct vector *texts;
};

static void list_directory(const struct reader *reader, const char *directory, size_t directory_at,
	struct vector *found)
{
	DIR *stream = opendir(directory);
	const struct dirent *entry;
	struct stat status;

	if (!stream || fstat(dirfd(stream), &status) < 0) {
		if (errno != ENOENT)
			rule_errors_add(reader->errors, directory, 0,
				"a folder that the daemon can read", "cannot list it: %s",
				strerror(errno));
		else if (reader->named)
			rule_errors_add(reader->errors, directory, 0,
				"the folder of your rule files", "there is no such folder");
	} else if (check_trust(directory, &status, reader->uid, reader->errors)) {
		while ((entry = readdir(stream)))
			if (is_rule_file(entry->d_name))
				add_found(found, directory, entry->d_name, directory_at);
	}
	if (stream)
		closedir(stream);
}

/* By name; of one name, the last directory's first. */
static int by_name(const void *left, const void *right)
{
	const struct found_file *const *first = left;
	const struct found_file *const *second = right;
	int order = strcmp((*first)->name, (*second)->name);

	if (order != 0)
		return order;
	return ((*first)->directory < (*second)->directory) -
	       ((*first)->directory > (*second)->directory);
}

static void cannot_read(const char *path, int error, struct rule_errors *errors)
{
	rule_errors_add(errors, path, 0, "a file that the daemon can read", "cannot read it: %s",
		strerror(error));
}

static bool is_null_device(const struct stat *status)
{
	return S_ISCHR(status->st_mode) && status->st_rdev == makedev(1, 3);
}

static void add_text(const char *path, struct buffer *bytes, struct vector *texts)
{
	struct rule_text *text = memory_allocate(sizeof(*text));

	buffer_string(bytes);
	*text = (struct rule_text){memory_duplicate(path), bytes->bytes, bytes->length};
	vector_add(texts, text);
}

/* Reads the file that `handle` (O_PATH) stands for. */
static void read_handle(struct reader *reader, const char *path, int handle)
{
	char name[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
	struct buffer bytes = {0};
	int result;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", handle);
	result = file_read_at(AT_FDCWD, name, FILE_MOST, &bytes);
	reader->sum += bytes.length;
	if (result == -EFBIG)
		rule_errors_add(reader->errors, path, 0, "split it", "larger than 4 MiB");
	else if (result < 0)
		cannot_read(path, -result, reader->errors);
	else if (reader->sum > SUM_MOST)
		rule_errors_add(reader->errors, path, 0, "fewer or smaller files",
			"the rule files are larger than 16 MiB together");
	if (result < 0 || reader->sum > SUM_MOST)
		buffer_done(&bytes);
	else
		add_text(path, &bytes, reader->texts);
}

/* Whether it is none, or that of somebody who may say what is in its place; else an error was
 * added. */
static bool check_link(const struct reader *reader, const char *path)
{
	struct stat status;

	if (lstat(path, &status) < 0 || !S_ISLNK(status.st_mode) || status.st_uid == 0 ||
		status.st_uid == reader->uid)
		return true;
	rule_errors_add(reader->errors, path, 0, "chown -h root it", "a link owned by user %u",
		(unsigned)status.st_uid);
	return false;
}

/* Whether what the path leads to is a file that may be trusted; else an error was added. */
static bool check_file(const struct reader *reader, const char *path, const struct stat *status)
{
	if (S_ISREG(status->st_mode))
		return check_trust(path, status, reader->uid, reader->errors);
	rule_errors_add(reader->errors, path, 0, "a file, or a link to one or to /dev/null",
		"not a regular file");
	return false;
}

static void read_file(struct reader *reader, const char *path)
{
	int handle = open(path, O_PATH | O_CLOEXEC);
	struct stat status;

	if (handle < 0 || fstat(handle, &status) < 0)
		cannot_read(path, errno, reader->errors);
	else if (check_link(reader, path) && !is_null_device(&status) &&
		 check_file(reader, path, &status))
		read_handle(reader, path, handle);
	if (handle >= 0)
		close(handle);
}

/* The first of each name is the one that counts. */
static void read_found(struct reader *reader, const struct vector *found)
{
	const char *last = "";

	for (size_t i = 0; i < found->count && reader->sum <= SUM_MOST; i++) {
		const struct found_file *file = found->items[i];

		if (strcmp(file->name, last) != 0)
			read_file(reader, file->path);
		last = file->name;
	}
}

int rule_files_read(const struct vector *directories, bool named, uid_t uid,
	struct rule_errors *errors, struct vector *ret_texts)
{
	struct reader reader = {uid, named, 0, errors, ret_texts};
	size_t errors_before = errors->errors.count;
	struct vector found = {0};

	for (size_t i = 0; i < directories->count; i++)
		list_directory(&reader, directories->items[i], i, &found);
	if (found.count > 1)
		qsort(found.items, found.count, sizeof(*found.items), by_name);
	read_found(&reader, &found);
	for (size_t i = 0; i < found.count; i++) {
		struct found_file *file = found.items[i];

		free(file->path);
		free(file);
	}
	vector_done(&found);
	return errors->errors.count > errors_before ? LOAD_INVALID : 0;
}

int rule_file_read(
	const char *file, uid_t uid, struct rule_errors *errors, struct vector *ret_texts)
{
	struct reader reader = {uid, false, 0, errors, ret_texts};
	size_t errors_before = errors->errors.count;

	read_file(&reader, file);
	return errors->errors.count > errors_before ? LOAD_INVALID : 0;
}
