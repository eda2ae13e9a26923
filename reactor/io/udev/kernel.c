/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A raw netlink socket in the kernel's uevent group. libudev could join it too, but its filter does
 * not act on kernel messages. Any root process may send to the group: only messages without a
 * sending port, which none but the kernel can have, and with the kernel's credentials are taken.
 */
#include "io/udev/kernel.h"

#include "base/error.h"
#include "base/memory.h"
#include "io/udev/filter.h"

#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define KERNEL_GROUP	  1u
#define LARGEST_MESSAGE	  (64 * 1024)
#define DEFAULT_BUFFER	  (128u << 20)
#define CONTROL_OF_SENDER CMSG_SPACE(sizeof(struct ucred))

struct kernel {
	int socket;
	struct buffer message;
};

static int set_receive_buffer(int netlink, size_t bytes)
{
	int size = bytes > INT32_MAX / 2 ? INT32_MAX / 2 : (int)bytes;

	/* FORCE passes net.core.rmem_max and needs CAP_NET_ADMIN */
	if (setsockopt(netlink, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) == 0 ||
		setsockopt(netlink, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) == 0)
		return 0;
	return error_from_errno();
}

static int arm(int netlink, size_t receive_buffer)
{
	struct sockaddr_nl group = {.nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP};
	int yes = 1;
	int result =
		set_receive_buffer(netlink, receive_buffer > 0 ? receive_buffer : DEFAULT_BUFFER);

	if (result == 0)
		result = filter_attach(netlink);
	if (result < 0)
		return result;
	if (setsockopt(netlink, SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes)) < 0 ||
		bind(netlink, (struct sockaddr *)&group, sizeof(group)) < 0)
		return error_from_errno();
	return 0;
}

int kernel_new(size_t receive_buffer, struct kernel **ret_kernel)
{
	struct kernel *kernel = memory_allocate(sizeof(*kernel));
	int result;

	kernel->socket =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
	result = kernel->socket < 0 ? error_from_errno() : arm(kernel->socket, receive_buffer);
	if (result < 0) {
		kernel_free(kernel);
		return result;
	}
	*ret_kernel = kernel;
	return 0;
}

struct kernel *kernel_free(struct kernel *kernel)
{
	if (!kernel)
		return NULL;
	if (kernel->socket >= 0)
		close(kernel->socket);
	buffer_done(&kernel->message);
	free(kernel);
	return NULL;
}

int kernel_descriptor(const struct kernel *kernel)
{
	return kernel->socket;
}

static bool is_from_kernel(struct msghdr *header)
{
	const struct sockaddr_nl *sender = header->msg_name;
	struct cmsghdr *control = CMSG_FIRSTHDR(header);
	struct ucred credentials;

	if (header->msg_namelen != sizeof(*sender) || sender->nl_pid != 0 ||
		sender->nl_groups != KERNEL_GROUP)
		return false;
	if (!control || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_CREDENTIALS)
		return false;
	memcpy(&credentials, CMSG_DATA(control), sizeof(credentials));
	return credentials.uid == 0 && credentials.pid == 0;
}

/* Receives the next message into kernel::message, whole. */
static int receive(struct kernel *kernel)
{
	_Alignas(struct cmsghdr) char control[CONTROL_OF_SENDER];
	struct sockaddr_nl sender = {0};
	struct iovec part = {.iov_len = LARGEST_MESSAGE};
	struct msghdr header = {.msg_name = &sender,
		.msg_namelen = sizeof(sender),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	ssize_t length;

	kernel->message.length = 0;
	part.iov_base = buffer_reserve(&kernel->message, part.iov_len + 1);
	length = recvmsg(kernel->socket, &header, 0);
	if (length < 0)
		return error_from_errno();
	if (!is_from_kernel(&header))
		return KERNEL_FOREIGN;
	if (header.msg_flags & MSG_TRUNC)
		return -EBADMSG;
	kernel->message.length = (size_t)length;
	return 0;
}

int kernel_receive(struct kernel *kernel, struct uevent_places *ret_places, uint64_t *ret_number)
{
	struct uevent event;
	int result = receive(kernel);

	if (result != 0)
		return result;
	if (uevent_parse(kernel->message.bytes, kernel->message.length, &event) != 0)
		return -EBADMSG;
	uevent_find_places(&event, ret_places);
	*ret_number = uevent_number(kernel->message.bytes, kernel->message.length);
	return 0;
}
