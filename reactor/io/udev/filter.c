/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Classic BPF cannot search, so the path is looked for where it can stand: behind an action of
 * each length that the kernel has. A message that the filter does not understand passes, unless it
 * is too short to be an event; what it concerns is decided again by uevent.c.
 */
#include "io/udev/filter.h"

#include "base/error.h"
#include "base/memory.h"

#include <linux/filter.h>
#include <stdint.h>
#include <sys/socket.h>

#define PREFIX	    "@/devices/virtual/"
#define PREFIX_SIZE (sizeof(PREFIX) - 1)
#define BLOCK_SIZE  (2 * PREFIX_SIZE + 1)

/* Drops the message if the prefix stands at `at`; else goes on behind the block. */
static void write_block(struct sock_filter block[static BLOCK_SIZE], unsigned at)
{
	for (size_t i = 0; i < PREFIX_SIZE; i++) {
		unsigned char rest = (unsigned char)(BLOCK_SIZE - 2 * i - 2);

		block[2 * i] =
			(struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, at + (unsigned)i);
		block[2 * i + 1] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (unsigned char)PREFIX[i], 0, rest);
	}
	block[BLOCK_SIZE - 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
}

int filter_attach(int descriptor)
{
	/* add; move, bind; remove, change, online, unbind; offline */
	static const unsigned action_lengths[] = {3, 4, 6, 7};
	struct sock_filter code[ARRAY_LENGTH(action_lengths) * BLOCK_SIZE + 1];
	struct sock_fprog program = {ARRAY_LENGTH(code), code};

	for (size_t i = 0; i < ARRAY_LENGTH(action_lengths); i++)
		write_block(code + i * BLOCK_SIZE, action_lengths[i]);
	code[ARRAY_LENGTH(code) - 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
	if (setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
		return error_from_errno();
	return 0;
}
