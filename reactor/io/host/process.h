/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes that instances live as long as, watched by pidfd, so that any death is noticed at once
 * and a pid that is used again fools nobody.
 */
#pragma once

#include "model/process.h"

#include <stddef.h>

struct processes;

int processes_new(struct processes **ret_processes);
struct processes *processes_free(struct processes *processes);

/* Readable while processes_take_ended has something to return; one descriptor for all of them. */
int processes_descriptor(const struct processes *processes);

enum {
	PROCESS_GONE = 1, /* there is none of that pid, or it has ended and waits for its parent */
};

/* The process that has this pid now. 0, PROCESS_GONE, or -errno. */
int process_identify(int64_t pid, struct process *ret_process);

/*
 * The process at the other end of a connected Unix socket whose SO_PEERCRED said `pid` and `uid`:
 * PROCESS_GONE unless that process is still there and the socket not hung up.
 */
int process_identify_peer(int descriptor, int64_t pid, int64_t uid, struct process *ret_process);

/*
 * Watches exactly these from now on: one that is not watched yet is opened, one that is not among
 * them is let go. One that cannot be found as it was identified (gone, another start time, another
 * boot) has ended. Negative: one could not be watched for want of our own resources (-EMFILE...);
 * the others are; ask again.
 */
int processes_watch(struct processes *processes, const struct process *wanted, size_t count);

/*
 * The next one that has ended, once for each processes_watch that wanted it: there may be an
 * instance since then that has not heard of it. False: there is none.
 */
bool processes_take_ended(struct processes *processes, struct process *ret_process);
