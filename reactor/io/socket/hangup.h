/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients that ended their side for sending and wait for an answer, perhaps for days: when they are
 * gone altogether. The loop cannot tell: asked for a close it repeats the half-close for ever. An
 * epoll descriptor that is asked for nothing reports the hang-up and nothing else; the loop watches
 * that one.
 */
#pragma once

struct connection;
struct event_base;
struct hangup;

struct hangup *hangup_new(struct event_base *base);
struct hangup *hangup_free(struct hangup *hangup);

/* Kills the connection when its client is gone. */
void hangup_watch(struct hangup *hangup, struct connection *connection);

/* One that is not watched is none to forget. */
void hangup_forget(struct hangup *hangup, const struct connection *connection);
