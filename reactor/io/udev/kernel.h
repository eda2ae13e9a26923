/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's own uevents, for machines and containers where no udevd runs. */
#pragma once

#include "model/look.h"

struct kernel;

/* `receive_buffer` 0: the kernel's default. Negative: -errno. */
int kernel_new(size_t receive_buffer, struct kernel **ret_kernel);
struct kernel *kernel_free(struct kernel *kernel);
int kernel_descriptor(const struct kernel *kernel);

enum {
	KERNEL_FOREIGN = 1,
};

/*
 * Receives one message and adds what it concerns. KERNEL_FOREIGN: somebody else sent it, and
 * nothing was added; -EAGAIN: none is there; -EBADMSG: it was not in the kernel's form; else
 * -errno.
 */
int kernel_receive(struct kernel *kernel, struct looks *looks);
