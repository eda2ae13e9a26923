/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded: once the file BROKEN_SOCKET exists, the first socket of the netlink group BROKEN_GROUP
 * that is read gives errors for ever, while what it was sent keeps it readable. Others work. With
 * BROKEN_SILENT set it says that nothing is there instead, and only poll tells of an error. With
 * BROKEN_DROPS set it works, but has dropped one message without an ENOBUFS.
 */
#include <dlfcn.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static ino_t broken;

static bool is_of_group(int descriptor)
{
	struct sockaddr_nl address = {0};
	socklen_t length = sizeof(address);
	const char *group = getenv("BROKEN_GROUP");

	return getsockname(descriptor, (struct sockaddr *)&address, &length) == 0 &&
	       address.nl_family == AF_NETLINK && group &&
	       address.nl_groups == strtoul(group, NULL, 10);
}

static bool is_broken(int descriptor)
{
	const char *file = getenv("BROKEN_SOCKET");
	struct stat status;

	if (fstat(descriptor, &status) < 0)
		return false;
	if (broken == 0 && file && access(file, F_OK) == 0 && is_of_group(descriptor))
		broken = status.st_ino;
	return broken != 0 && broken == status.st_ino;
}

static void find_next(const char *name, void *ret_function)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	memcpy(ret_function, &symbol, sizeof(symbol));
}

static int broken_error(void)
{
	return getenv("BROKEN_SILENT") ? EAGAIN : ENOTCONN;
}

int poll(struct pollfd *polled, nfds_t count, int timeout)
{
	int (*next)(struct pollfd *, nfds_t, int);

	find_next("poll", &next);
	if (count != 1 || !getenv("BROKEN_SILENT") || !is_broken(polled->fd))
		return next(polled, count, timeout);
	polled->revents = POLLERR;
	return 1;
}

int getsockopt(int descriptor, int level, int name, void *value, socklen_t *size)
{
	int (*next)(int, int, int, void *, socklen_t *);
	int result;

	find_next("getsockopt", &next);
	result = next(descriptor, level, name, value, size);
	if (result == 0 && name == SO_MEMINFO && getenv("BROKEN_DROPS") && is_broken(descriptor))
		((unsigned *)value)[SK_MEMINFO_DROPS]++;
	return result;
}

ssize_t recv(int descriptor, void *bytes, size_t size, int flags)
{
	ssize_t (*next)(int, void *, size_t, int);

	find_next("recv", &next);
	if (getenv("BROKEN_DROPS") || !is_broken(descriptor))
		return next(descriptor, bytes, size, flags);
	errno = broken_error();
	return -1;
}

ssize_t recvmsg(int descriptor, struct msghdr *message, int flags)
{
	ssize_t (*next)(int, struct msghdr *, int);

	find_next("recvmsg", &next);
	if (getenv("BROKEN_DROPS") || !is_broken(descriptor))
		return next(descriptor, message, flags);
	errno = broken_error();
	return -1;
}
