/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A call: one message of a client, read. Each connection has one at a time; it belongs to the
 * connection and lives from its arrival to connection_end_call.
 *
 * jansson reads, here and in parameter.c, and nowhere else; base/writer.h writes.
 */
#pragma once

#include "base/list.h"
#include "base/text.h"

#include <stdint.h>

/* Deepest nesting of a message; jansson would recurse without limit. */
#define CALL_MOST_DEPTH 32

/* What carrying out a call changes: the daemon does it, see service_take_change. */
enum change_method {
	CHANGE_RELOAD,
	CHANGE_REQUEST, /* about instances: service_read_request */
	CHANGE_COUNT,
};

struct call {
	struct list_link link; // service::arrived, service::reading or service::changing
	struct connection *connection;
	const struct method *method; /* NULL: none of that name, or not looked up yet */
	struct json_t *message;	     /* owned; NULL: no call; what follows lies in it */
	const char *name;
	struct json_t *parameters; /* NULL: none */
	bool oneway;		   /* is never answered, not even with an error */
	bool more;		   /* the client takes more than one reply */
	bool upgrade;
	bool taken; /* the daemon has it, see service_take_change */
};

enum {
	CALL_MALFORMED = 1,
};

/*
 * Reads a message: a JSON object without repeated keys, at most CALL_MOST_DEPTH deep, with only
 * the keys of a Varlink call, each of its type; null is as absent. 0 or CALL_MALFORMED, which
 * leaves `call` without a message.
 */
int call_parse(struct call *call, const char *bytes, size_t length);

/* Frees the message. */
void call_done(struct call *call);

/* Optional parameters after parameter_check; NULL or false: absent. */
const char *call_string(const struct call *call, const char *name);
bool call_flag(const struct call *call, const char *name);
bool call_integer(const struct call *call, const char *name, int64_t *ret_number);

/* The strings of an array: whether it is there, and its item `at`, or NULL behind the last. */
bool call_has(const struct call *call, const char *name);
const char *call_string_at(const struct call *call, const char *name, size_t at);
