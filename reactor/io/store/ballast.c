/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taken in pieces, so that on a full disk what was given up and not used is taken back: in one
 * piece there would be no room for it, and the next claim would get what is for releases.
 *
 * Nothing here can fail in a way that somebody could act on: without ballast a full disk is met
 * with less.
 */
#include "io/store/ballast.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define BALLAST_SIZE  (256 * 1024)
#define BALLAST_PIECE 4096

bool ballast_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

void ballast_take(const char *path)
{
	struct stat status;
	off_t size;
	int file;

	if (stat(path, &status) == 0 && status.st_size >= BALLAST_SIZE)
		return;
	file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file < 0)
		return;
	size = fstat(file, &status) < 0 ? 0 : status.st_size;
	while (size < BALLAST_SIZE && posix_fallocate(file, size, BALLAST_PIECE) == 0)
		size += BALLAST_PIECE;
	if (size != status.st_size)
		fsync(file);
	close(file);
}

/* Some file systems only have the room back when the truncation is on the disk. */
void ballast_give_up(const char *path)
{
	int file = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW);

	if (file < 0)
		return;
	fsync(file);
	close(file);
}
