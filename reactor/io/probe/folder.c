/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/probe/folder.h"

#include "base/error.h"
#include "base/file.h"
#include "base/number.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An error that says something about this process, not about the device. */
static bool is_own(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOMEM || error == -EINTR;
}

static int outcome(int error)
{
	if (is_own(error))
		return error;
	return error == -ENOENT || error == -ENODEV ? FOLDER_GONE : FOLDER_UNREADABLE;
}

static int open_found(struct folder *folder)
{
	struct stat status;

	folder->descriptor = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder->descriptor < 0)
		return error_from_errno();
	if (fstat(folder->descriptor, &status) < 0) {
		int result = error_from_errno();

		close(folder->descriptor);
		return result;
	}
	folder->life = status.st_ino;
	return 0;
}

int folder_open(enum kind kind, const char *name, struct folder *ret_folder)
{
	int result;

	snprintf(ret_folder->path, sizeof(ret_folder->path), "/sys/bus/%s/devices/%s",
		kind_describe(kind)->bus, name);
	ret_folder->unsettled = false;
	ret_folder->error = 0;
	result = open_found(ret_folder);
	return result < 0 ? outcome(result) : 0;
}

void folder_note(struct folder *folder, int error)
{
	if (is_own(error))
		folder->error = error;
}

void folder_close(struct folder *folder)
{
	close(folder->descriptor);
}

enum folder_state folder_check(struct folder *folder)
{
	struct stat status;

	if (stat(folder->path, &status) < 0) {
		folder_note(folder, error_from_errno());
		return folder->error ? FOLDER_SAME : FOLDER_VANISHED;
	}
	return status.st_ino == folder->life ? FOLDER_SAME : FOLDER_REPLACED;
}

bool folder_read_target(struct folder *folder, char ret_target[static PATH_MAX])
{
	ssize_t length = readlink(folder->path, ret_target, PATH_MAX - 1);

	if (length < 0) {
		folder_note(folder, error_from_errno());
		return false;
	}
	ret_target[length] = '\0';
	return true;
}

bool folder_read(struct folder *folder, const char *name, char ret_value[static ATTRIBUTE_SIZE])
{
	int file = openat(folder->descriptor, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t length;

	if (file < 0) {
		folder_note(folder, error_from_errno());
		return false;
	}
	/* one read is all: sysfs never gives less than there is, nor more than a page */
	length = read(file, ret_value, ATTRIBUTE_SIZE - 1);
	if (length < 0) {
		folder_note(folder, error_from_errno());
		folder->unsettled = true; /* it is there, and may be readable in a moment */
	}
	close(file);
	if (length < 0)
		return false;
	if (length > 0 && ret_value[length - 1] == '\n')
		length--;
	ret_value[length] = '\0';
	for (ssize_t i = 0; i < length; i++)
		if (ret_value[i] == '\0')
			ret_value[i] = '\1';
	return true;
}

bool folder_read_number(
	struct folder *folder, const char *name, unsigned base, uint64_t most, uint64_t *ret_number)
{
	char value[ATTRIBUTE_SIZE];
	const char *digits = value;

	if (!folder_read(folder, name, value))
		return false;
	if (base == 16 && strncmp(value, "0x", 2) == 0)
		digits += 2;
	return number_parse(digits, strlen(digits), base, most, ret_number);
}

bool folder_has(const struct folder *folder, const char *name)
{
	return faccessat(folder->descriptor, name, F_OK, 0) == 0;
}

bool folder_read_link(struct folder *folder, const char *name, char ret_base[static ENTRY_SIZE])
{
	int result = file_link_base_at(folder->descriptor, name, ret_base, ENTRY_SIZE);

	folder_note(folder, result);
	return result == 0;
}

void folder_walk(struct folder *folder, const char *name,
	void (*take)(const char *entry, void *context), void *context)
{
	int descriptor = openat(folder->descriptor, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = descriptor < 0 ? NULL : fdopendir(descriptor);
	struct dirent *entry;

	if (!entries) {
		folder_note(folder, error_from_errno());
		if (descriptor >= 0)
			close(descriptor);
		return;
	}
	while ((entry = readdir(entries)))
		if (entry->d_name[0] != '.')
			take(entry->d_name, context);
	closedir(entries);
}
