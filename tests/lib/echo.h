/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The least that a server of claims can be: it says back what it got, after another thread has
 * committed a row. No JSON, no state, no order of requests, one call at a time.
 */
#pragma once

#include <sys/types.h>

/*
 * A process that serves `path` and writes to a database in `folder`, both of which it makes. The
 * tables, pragmas and statements are the store's own: a message with `Release` in it deletes the
 * row that every other one put. Returns when it can be connected to; aborts if it cannot.
 */
pid_t echo_start(const char *folder, const char *path);
void echo_end(pid_t process);
