/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's own uevents, for machines and containers where no udevd runs. */
#pragma once

#include "io/udev/uevent.h"

struct kernel;

/* `receive_buffer` 0: 128 MiB, as libudev takes, or what is permitted. Negative: -errno. */
int kernel_new(size_t receive_buffer, struct kernel **ret_kernel);
struct kernel *kernel_free(struct kernel *kernel);
int kernel_descriptor(const struct kernel *kernel);

enum {
	KERNEL_FOREIGN = 1,
};

/*
 * Receives one message and says what it concerns, and its SEQNUM. KERNEL_FOREIGN: somebody else
 * sent it; -EAGAIN: none is there; -EBADMSG: it was not in the kernel's form; else -errno.
 */
int kernel_receive(struct kernel *kernel, struct uevent_places *ret_places, uint64_t *ret_number);
