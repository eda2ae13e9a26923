/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The socket: Varlink calls in, replies and events out.
 *
 * Callbacks of the loop only receive bytes and cut them into calls. The turn does the rest, in this
 * order: calls that change something, then claims_settle, service_publish, replies to them,
 * service_serve. So a list never shows what its seq does not include.
 */
#pragma once

#include "claims/request.h"
#include "claims/status.h"
#include "io/socket/call.h"
#include "io/socket/limits.h"

struct event_base;
struct service;

struct service_options {
	struct event_base *base;
	struct claims *claims;
	struct status *status;
	const struct rights *rights; /* as of now; may change under the service by a SIGHUP */
	struct service_limits limits;
	size_t ring_bytes; /* bytes of events that are kept at most */
	const char *epoch; /* names this run of the daemon; seq begins at 1 in it */
};

/* What `options` points at must outlive the service; the epoch is copied. */
struct service *service_new(const struct service_options *options);

/* Closes all; calls that were taken must not be replied to afterwards. */
struct service *service_free(struct service *service);

/* Takes over a listening socket (listen.h) and accepts from now on; -EBUSY if it has one. */
int service_listen(struct service *service, int descriptor);

void service_set_limits(struct service *service, const struct service_limits *limits);

/*
 * Numbers the events of `delta`, and adds them to the journal. Those from before service_listen are
 * not kept: nobody can have a seq from among them to ask from.
 */
void service_publish(struct service *service, const struct delta *delta);

/*
 * The next call of this change that its peer may make, or NULL: the daemon carries it out and
 * replies after the publication. (Refused ones are answered inside.) It stays valid until its
 * reply, in whatever turn, even if the client is gone by then.
 */
struct call *service_take_change(struct service *service, enum change_method change);

/* Whether there may be one. */
bool service_has_change(const struct service *service, enum change_method change);

/*
 * What a CHANGE_REQUEST asks: the caller's, with the call as request->caller. NULL: its parameters
 * are wrong, and it was answered.
 */
struct request *service_read_request(struct call *call);

/* The descriptor of the call's connection; it stays the connection's. */
int service_call_descriptor(const struct call *call);

/*
 * The number of the next connection that is closed and had made requests, each once; false: none.
 * The client is gone: it hung up, or had ended its side and has its answers.
 */
bool service_take_closed(struct service *service, uint64_t *ret_connection);

/*
 * Answers calls that only read, with the state as published; sends to everyone what is due and
 * fits, of both at most a turn's share; closes subscribers that are too far behind, and frees
 * connections that were closed since.
 */
void service_serve(struct service *service, int64_t now);

/* When service_serve must be called even if nothing happens; CLOCK_NEVER. */
int64_t service_deadline(const struct service *service);

/*
 * Whether more could be answered or sent at once, reloads left out, which may have to wait: run
 * another turn without waiting. (With EVLOOP_ONCE | EVLOOP_NONBLOCK; EVLOOP_NONBLOCK alone does not
 * return while events keep coming.)
 */
bool service_is_busy(const struct service *service);
