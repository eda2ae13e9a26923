/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/file.h"

#include "base/error.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static int read_all(int file, size_t most, struct buffer *buffer)
{
	size_t total = 0;

	for (;;) {
		size_t room = most - total < 4096 ? most - total + 1 : 4096;
		ssize_t got = read(file, buffer_reserve(buffer, room), room);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_from_errno();
		if (got == 0)
			return 0;
		total += (size_t)got;
		if (total > most)
			return -EFBIG;
		buffer->length += (size_t)got;
	}
}

int file_read_at(int folder, const char *name, size_t most, struct buffer *buffer)
{
	size_t before = buffer->length;
	int file = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int result;

	if (file < 0)
		return error_from_errno();
	result = read_all(file, most, buffer);
	if (result < 0)
		buffer->length = before;
	close(file);
	return result;
}

int file_link_base_at(int folder, const char *name, char *ret_base, size_t size)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(folder, name, target, sizeof(target) - 1);
	const char *slash;
	const char *base;

	if (length < 0)
		return error_from_errno();
	target[length] = '\0';
	slash = strrchr(target, '/');
	base = slash ? slash + 1 : target;
	if (strlen(base) >= size)
		return -ENAMETOOLONG;
	strcpy(ret_base, base);
	return 0;
}
