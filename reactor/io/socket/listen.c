/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/socket/listen.h"

#include "base/error.h"
#include "base/memory.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int make_address(const char *path, struct sockaddr_un *ret_address)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (*path == '\0')
		return -EINVAL;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	*ret_address = address;
	return 0;
}

static int make_folder(const char *path)
{
	char *folder = memory_duplicate(path);
	char *slash = strrchr(folder, '/');
	int error = 0;

	if (slash && slash != folder) {
		*slash = '\0';
		/* chmod, since the umask may have made it narrower */
		if (mkdir(folder, 0755) == 0 ? chmod(folder, 0755) < 0 : errno != EEXIST)
			error = error_from_errno();
	}
	free(folder);
	return error;
}

/* 0: nobody answers at that socket; -EADDRINUSE: somebody does. */
static int try_to_reach(const struct sockaddr_un *address)
{
	int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = -EADDRINUSE;

	if (descriptor < 0)
		return error_from_errno();
	if (connect(descriptor, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
		(errno == ECONNREFUSED || errno == ENOENT))
		error = 0;
	close(descriptor);
	return error;
}

static int clear_path(const struct sockaddr_un *address)
{
	struct stat status;
	int error;

	if (lstat(address->sun_path, &status) < 0)
		return errno == ENOENT ? 0 : error_from_errno();
	if (!S_ISSOCK(status.st_mode))
		return -ENOTSOCK;
	error = try_to_reach(address);
	if (error < 0)
		return error;
	return unlink(address->sun_path) < 0 && errno != ENOENT ? error_from_errno() : 0;
}

/* The socket's own mode bounds that of the file which bind makes. */
static int bind_narrowly(int descriptor, const struct sockaddr_un *address)
{
	if (fchmod(descriptor, 0600) < 0 ||
		bind(descriptor, (const struct sockaddr *)address, sizeof(*address)) < 0)
		return error_from_errno();
	return 0;
}

/* 0, LISTEN_NO_GROUP or LISTEN_NOT_GIVEN. The group comes before the mode, so that no other one
 * gets it. */
static int open_to_group(const char *path, const gid_t *group)
{
	if (!group)
		return LISTEN_NO_GROUP;
	return chown(path, (uid_t)-1, *group) < 0 || chmod(path, 0660) < 0 ? LISTEN_NOT_GIVEN : 0;
}

static int bind_and_listen(int descriptor, const struct sockaddr_un *address,
	const gid_t *reader_group, struct listen_place *ret_place)
{
	struct stat status;
	int outcome = bind_narrowly(descriptor, address);

	if (outcome < 0)
		return outcome;
	if (lstat(address->sun_path, &status) < 0)
		return error_from_errno();
	outcome = open_to_group(address->sun_path, reader_group);
	if (listen(descriptor, SOMAXCONN) < 0)
		return error_from_errno();
	*ret_place = (struct listen_place){.device = status.st_dev, .inode = status.st_ino};
	return outcome;
}

/*
 * Two that start at once must not both find the path free. The lock file stays: removing it would
 * let a third lock another one of the same name.
 */
static int lock_path(const char *path)
{
	char name[sizeof(((struct sockaddr_un *)NULL)->sun_path) + sizeof(".lock")];
	int lock;

	snprintf(name, sizeof(name), "%s.lock", path);
	lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (lock < 0 || flock(lock, LOCK_EX) < 0) {
		int result = error_from_errno();

		if (lock >= 0)
			close(lock);
		return result;
	}
	return lock;
}

static int clear_and_bind(int descriptor, const struct sockaddr_un *address,
	const gid_t *reader_group, struct listen_place *ret_place)
{
	int lock = lock_path(address->sun_path);
	int outcome;

	if (lock < 0)
		return lock;
	outcome = clear_path(address);
	if (outcome == 0)
		outcome = bind_and_listen(descriptor, address, reader_group, ret_place);
	close(lock);
	return outcome;
}

int listen_open(const char *path, const gid_t *reader_group, struct listen_place *ret_place,
	int *ret_descriptor)
{
	struct sockaddr_un address;
	int descriptor;
	int outcome = make_address(path, &address);

	if (outcome == 0)
		outcome = make_folder(path);
	if (outcome < 0)
		return outcome;
	descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (descriptor < 0)
		return error_from_errno();
	outcome = clear_and_bind(descriptor, &address, reader_group, ret_place);
	if (outcome < 0)
		close(descriptor);
	else
		*ret_descriptor = descriptor;
	return outcome;
}

static bool is_place(const char *path, const struct listen_place *place)
{
	struct stat status;

	return lstat(path, &status) == 0 && S_ISSOCK(status.st_mode) &&
	       status.st_dev == place->device && status.st_ino == place->inode;
}

int listen_regroup(const char *path, const gid_t *reader_group, const struct listen_place *place)
{
	if (!is_place(path, place))
		return -ENOENT;
	if (chmod(path, 0600) < 0)
		return error_from_errno();
	return open_to_group(path, reader_group);
}

void listen_remove(const char *path, const struct listen_place *place)
{
	if (is_place(path, place))
		unlink(path);
}
