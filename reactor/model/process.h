/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process, named so that another one which gets its pid later is never taken for it: pid, start
 * time and boot id together.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* A boot id as /proc/sys/kernel/random/boot_id writes it, with a NUL. */
#define BOOT_ID_SIZE 37

struct process {
	int64_t pid;	/* 0: none */
	uint64_t start; /* clock ticks since boot: field 22 of /proc/PID/stat */
	char boot[BOOT_ID_SIZE];
};

static inline bool process_equal(const struct process *left, const struct process *right)
{
	return left->pid == right->pid && left->start == right->start &&
	       strcmp(left->boot, right->boot) == 0;
}
