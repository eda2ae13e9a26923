/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded: writes and syncs of the database's files take up to SLOW_DISK_US microseconds longer,
 * at random, so that a kill meets a log that is half written, or written and not acknowledged. As
 * long as the file SLOW_DISK_HANG exists they do not come back at all.
 */
#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_database(int descriptor)
{
	char link[64];
	char path[PATH_MAX];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
	length = readlink(link, path, sizeof(path) - 1);
	path[length < 0 ? 0 : length] = '\0';
	return strstr(path, "/hostdevd.db");
}

static void wait_for_disk(int descriptor)
{
	const char *slow = getenv("SLOW_DISK_US");
	const char *hang = getenv("SLOW_DISK_HANG");

	if (!is_database(descriptor))
		return;
	if (slow)
		usleep((useconds_t)random() % (useconds_t)atoi(slow));
	while (hang && access(hang, F_OK) == 0)
		usleep(2000);
}

static void find_next(const char *name, void *ret_function)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	memcpy(ret_function, &symbol, sizeof(symbol));
}

int fdatasync(int descriptor)
{
	int (*next)(int);

	find_next("fdatasync", &next);
	wait_for_disk(descriptor);
	return next(descriptor);
}

int fsync(int descriptor)
{
	int (*next)(int);

	find_next("fsync", &next);
	wait_for_disk(descriptor);
	return next(descriptor);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off64_t offset)
{
	ssize_t (*next)(int, const void *, size_t, off64_t);

	find_next("pwrite64", &next);
	wait_for_disk(descriptor);
	return next(descriptor, bytes, size, offset);
}
