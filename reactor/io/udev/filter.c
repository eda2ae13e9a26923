/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Classic BPF cannot search, so the path is looked for where it can stand: behind an action of
 * each length that the kernel has. A message that the filter does not understand passes, unless it
 * is too short to be an event; what it concerns is decided again by uevent.c.
 *
 * A socket has one filter. libudev's is read back and ours put before it: to write its own again
 * would need its hash of subsystems.
 */
#include "io/udev/filter.h"

#include "base/error.h"
#include "base/memory.h"

#include <linux/filter.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

/* libudev's has some 35 instructions for our five subsystems. */
#define MOST_BEHIND 256

/* Where an action may begin, and what stands behind it if the device is virtual. */
struct form {
	const unsigned *actions;
	size_t count;
	const char *behind;
	size_t length;
};

#define FORM(actions, behind)                                                                      \
	{                                                                                          \
		actions, ARRAY_LENGTH(actions), behind, sizeof(behind) - 1                         \
	}

/* add; move, bind; remove, change, online, unbind; offline */
static const unsigned action_lengths[] = {3, 4, 6, 7};

static size_t block_size(const struct form *form)
{
	return 2 * form->length + 1;
}

/* Drops the message if the form's bytes stand at `at`; else goes on behind the block. */
static void write_block(struct sock_filter *block, const struct form *form, unsigned at)
{
	size_t size = block_size(form);

	for (size_t i = 0; i < form->length; i++) {
		unsigned char rest = (unsigned char)(size - 2 * i - 2);

		block[2 * i] =
			(struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, at + (unsigned)i);
		block[2 * i + 1] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (unsigned char)form->behind[i], 0, rest);
	}
	block[size - 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
}

/* A block for each place where the bytes may stand; returns where the code goes on. */
static struct sock_filter *write_blocks(struct sock_filter *code, const struct form *form)
{
	for (size_t i = 0; i < form->count; i++)
		for (size_t k = 0; k < ARRAY_LENGTH(action_lengths); k++) {
			write_block(code, form, form->actions[i] + action_lengths[k]);
			code += block_size(form);
		}
	return code;
}

/* Attaches a program that drops what is virtual, and goes on with `behind`. */
static int attach(
	int descriptor, const struct form *form, const struct sock_filter *behind, size_t count)
{
	size_t most = form->count * ARRAY_LENGTH(action_lengths) * block_size(form) + count;
	struct sock_filter *code = memory_allocate(most * sizeof(*code));
	struct sock_fprog program = {(unsigned short)most, code};
	int result = 0;

	memcpy(write_blocks(code, form), behind, count * sizeof(*code));
	if (setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
		result = error_from_errno();
	free(code);
	return result;
}

int filter_attach(int descriptor)
{
	static const unsigned actions[] = {0};
	static const struct form form = FORM(actions, "@/devices/virtual/");
	static const struct sock_filter pass = BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);

	return attach(descriptor, &form, &pass, 1);
}

int filter_prepend(int descriptor)
{
	/* behind libudev's header of 40 bytes; udevd puts the version first since 247 */
	static const unsigned actions[] = {
		40 + sizeof("ACTION=") - 1,
		40 + sizeof("UDEV_DATABASE_VERSION=1") + sizeof("ACTION=") - 1,
	};
	static const struct form form = FORM(actions, "\0DEVPATH=/devices/virtual/");
	struct sock_filter behind[MOST_BEHIND];
	socklen_t count = 0; /* of instructions, unlike for any other option */

	if (getsockopt(descriptor, SOL_SOCKET, SO_GET_FILTER, NULL, &count) < 0)
		return error_from_errno();
	if (count == 0 || count > MOST_BEHIND)
		return -ENOENT;
	if (getsockopt(descriptor, SOL_SOCKET, SO_GET_FILTER, behind, &count) < 0)
		return error_from_errno();
	return attach(descriptor, &form, behind, count);
}
