/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing replies and errors. Every error carries a `message`: what, and what would be right. */
#pragma once

#include "base/vector.h"
#include "base/writer.h"
#include "io/socket/call.h"

/* Begins a reply: its parameters are written next. */
void reply_open(struct writer *json);

/* Ends and sends it, and with it the call. */
void reply_close(struct call *call, struct writer *json);

/* Ends a reply: its text, which the caller owns. */
struct text *reply_take(struct writer *json, bool continues);

/* Begins the error `name` (in full); its parameters but `message` are written next. */
void reply_open_error(struct writer *json, const char *name);

/* Ends and sends it, and with it the call. */
void reply_close_error(struct call *call, struct writer *json, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* An error with one parameter, or with none if `key` is NULL. False, for whoever reads the call. */
struct reply_error {
	const char *name;
	const char *key;
	const char *value;
};
bool reply_error(struct call *call, struct reply_error error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The error of a parameter that is wrong. Likewise. */
#define reply_invalid(call, parameter, ...)                                                        \
	reply_error(call,                                                                          \
		(struct reply_error){                                                              \
			"org.varlink.service.InvalidParameter", "parameter", parameter},           \
		__VA_ARGS__)

/*
 * Sends `items` (of struct text, JSON, references taken over) as the array `key`, with the seq and
 * epoch that they are of, and ends the call. Who called with `more` gets them in parts.
 */
void reply_list(struct call *call, const char *key, struct vector *items);

/* Writes the keys `seq` and `epoch` of the state as published. */
void reply_write_seq(const struct call *call, struct writer *json);
