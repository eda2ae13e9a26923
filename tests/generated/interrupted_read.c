/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded: while the file INTERRUPTED_READ exists, the next read of an attribute `serial` takes
 * it away and fails with EINTR, as the kernel's do that wait for the lock of a USB device.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_serial(int descriptor)
{
	char link[64];
	char path[512];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
	length = readlink(link, path, sizeof(path) - 1);
	if (length < 0)
		return false;
	path[length] = '\0';
	return strrchr(path, '/') && strcmp(strrchr(path, '/'), "/serial") == 0;
}

ssize_t read(int descriptor, void *buffer, size_t size)
{
	static ssize_t (*real)(int, void *, size_t);
	const char *file = getenv("INTERRUPTED_READ");

	if (!real)
		real = dlsym(RTLD_NEXT, "read");
	if (file && is_serial(descriptor) && unlink(file) == 0) {
		errno = EINTR;
		return -1;
	}
	return real(descriptor, buffer, size);
}
