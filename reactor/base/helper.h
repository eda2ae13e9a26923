/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A helper: a thread for work that may take long, one piece after the other. What it works on is
 * its own from helper_begin to helper_take, so nothing is shared meanwhile. Work cannot be stopped;
 * what is no longer wanted ends by itself.
 */
#pragma once

struct helper;

typedef void helper_function(void *context);

/* Negative: there is no thread, or no descriptor. */
int helper_new(struct helper **ret_helper);

/* Does not wait for work under way: that is discarded once it is done. */
struct helper *helper_free(struct helper *helper);

/* Readable while work is done and not taken. */
int helper_descriptor(const struct helper *helper);

/*
 * Takes `context` over and has `work` done on it; `discard` frees it if nobody takes it. Whatever
 * was begun before must have been taken.
 */
void helper_begin(
	struct helper *helper, helper_function *work, helper_function *discard, void *context);

/* The context, the caller's again, once the work is done; else NULL. */
void *helper_take(struct helper *helper);
