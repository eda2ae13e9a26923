/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One client. Its calls are carried out one at a time: while one runs nothing is read, so a client
 * that pipelines is slowed by its own socket buffer and never costs more than one message here.
 *
 * Callbacks of the loop receive bytes, cut a call and set flags. They mark a connection dead; it is
 * freed in service_serve only, so that nothing vanishes under a turn.
 */
#pragma once

#include "io/socket/call.h"
#include "io/socket/frame.h"
#include "io/socket/outbox.h"
#include "io/socket/peer.h"
#include "io/socket/subscription.h"

#include <event2/event.h>
#include <event2/event_struct.h>

struct service;

struct connection {
	struct list_link link;	  // service::connections, or service::dead
	struct list_link sending; // service::sending, while there may be something to send
	struct list_link closing; // service::closed, from its death until service_take_closed
	uint64_t number;	  /* of all that this run has accepted */
	struct service *service;
	int descriptor;
	struct peer peer;
	struct event readable; /* on while no call runs */
	struct event writable; /* on while its socket is full */
	struct frame frame;
	struct call call;
	struct outbox outbox;
	struct subscription *subscription; /* of a Watch; no other call follows it */
	bool ended;			   /* the client sends nothing more */
	bool requested;			   /* something in claims may hang on it */
	bool dead;
};

/* Takes over `descriptor`, which must not block, and the groups of `peer`. */
struct connection *connection_new(struct service *service, int descriptor, struct peer peer);

/* No callback and no list but service::dead has it from now on. Again is nothing. */
void connection_kill(struct connection *connection);

/* Closes and frees a dead connection. */
struct connection *connection_free(struct connection *connection);

/* Makes it a subscriber; takes over `subscription`. */
void connection_subscribe(struct connection *connection, struct subscription *subscription);

/* The client closed its side, wholly or for sending; see hangup.h. */
void connection_hung_up(struct connection *connection);

/* Adds a reply to its call, whose reference is taken over; who called one way is sent nothing. */
void connection_reply(struct connection *connection, struct text *reply);

/* Its call is over: what it replied is sent, then the next one is read. */
void connection_end_call(struct connection *connection);

/* The next service_serve looks at it. */
void connection_wants_to_send(struct connection *connection);

/*
 * Sends what is due and fits, within a turn's share; reads the next call if all of the last one's
 * reply is out.
 */
void connection_send(struct connection *connection, int64_t now);
