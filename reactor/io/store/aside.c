/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mark is empty before the move and has a byte after it. */
#include "io/store/aside.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK ".lost"

/* The database first: without its log an older state of it could pass for whole. */
static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};

int64_t aside_size(const char *database, const char *suffix)
{
	char *path = memory_format("%s%s", database, suffix);
	struct stat status;
	int64_t size = stat(path, &status) < 0 ? -1 : status.st_size;

	free(path);
	return size;
}

enum aside_mark aside_mark(const char *database)
{
	int64_t size = aside_size(database, MARK);

	return size < 0 ? ASIDE_NO_MARK : size == 0 ? ASIDE_MOVING : ASIDE_MOVED;
}

static int sync_folder(const char *database)
{
	char *path = memory_duplicate(database);
	int folder;
	int result;

	*strrchr(path, '/') = '\0';
	folder = open(path[0] ? path : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	result = folder < 0 || fsync(folder) < 0 ? error_from_errno() : 0;
	if (folder >= 0)
		close(folder);
	free(path);
	return result;
}

static int write_mark(const char *database, const char *content)
{
	char *path = memory_format("%s%s", database, MARK);
	ssize_t length = (ssize_t)strlen(content);
	int mark = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int result = mark < 0 ? error_from_errno() : 0;

	if (result == 0 && (write(mark, content, (size_t)length) != length || fsync(mark) < 0))
		result = error_from_errno();
	if (mark >= 0)
		close(mark);
	free(path);
	return result ? result : sync_folder(database);
}

static int move(const char *database, const char *suffix, int64_t when)
{
	char *from = memory_format("%s%s", database, suffix);
	char *to = memory_format("%s.damaged-%" PRId64 "%s", database, when, suffix);
	int result = rename(from, to) < 0 && errno != ENOENT ? error_from_errno() : 0;

	free(to);
	free(from);
	return result;
}

static int move_all(const char *database)
{
	int64_t when = clock_real();
	int result = write_mark(database, "");

	for (size_t i = 0; i < ARRAY_LENGTH(suffixes) && result == 0; i++)
		result = move(database, suffixes[i], when);
	return result ? result : write_mark(database, "1");
}

static int remove_file(const char *database, const char *suffix)
{
	char *path = memory_format("%s%s", database, suffix);
	int result = unlink(path) < 0 && errno != ENOENT ? error_from_errno() : 0;

	free(path);
	return result;
}

int aside_move(const char *database)
{
	int result = 0;

	if (aside_mark(database) != ASIDE_MOVED)
		return move_all(database);
	for (size_t i = 0; i < ARRAY_LENGTH(suffixes) && result == 0; i++)
		result = remove_file(database, suffixes[i]);
	return result;
}

int aside_end(const char *database)
{
	int result = remove_file(database, MARK);

	return result ? result : sync_folder(database);
}
