/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop: descriptors and signals, all of one priority (with several, a busy udev socket
 * starves clients: libevent serves only the highest that is active). Callbacks record; the work is
 * done between two waits, by daemon_turn.
 */
#pragma once

#include <stdint.h>

struct event_base;
struct loop;

typedef void loop_callback(void *context);

/* A callback that sets a bool, which the turn clears. */
void loop_set_flag(void *flag);

int loop_new(struct loop **ret_loop);
struct loop *loop_free(struct loop *loop);

/* For io/socket, which adds its own sources to the same loop. */
struct event_base *loop_base(struct loop *loop);

/* Calls back whenever the descriptor is readable; the descriptor stays the caller's. */
int loop_watch(struct loop *loop, int descriptor, loop_callback *callback, void *context);

/* Calls back in the loop, not in the handler, whenever the signal came. */
int loop_signal(struct loop *loop, int signal, loop_callback *callback, void *context);

/* Forgets the descriptor, before it is closed; one that is not watched is none to forget. */
void loop_unwatch(struct loop *loop, int descriptor);

/*
 * Waits until something happens or the monotonic time `deadline` is reached (a past one: only
 * looks), and calls back. Negative: the loop itself failed.
 */
int loop_wait(struct loop *loop, int64_t deadline);
