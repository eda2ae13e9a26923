/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/socket/reply.h"

#include "io/socket/connection.h"
#include "io/socket/internal.h"

/* Items in each part of a list. */
#define PART 256

void reply_open(struct writer *json)
{
	writer_open(json, '{');
	writer_key(json, "parameters");
	writer_open(json, '{');
}

struct text *reply_take(struct writer *json, bool continues)
{
	writer_close(json, '}');
	if (continues)
		writer_key_boolean(json, "continues", true);
	writer_close(json, '}');
	buffer_add_byte(&json->out, '\0');
	return writer_take(json);
}

void reply_close(struct call *call, struct writer *json)
{
	connection_reply(call->connection, reply_take(json, false));
	connection_end_call(call->connection);
}

void reply_open_error(struct writer *json, const char *name)
{
	writer_open(json, '{');
	writer_key_string(json, "error", name);
	writer_key(json, "parameters");
	writer_open(json, '{');
}

__attribute__((format(printf, 3, 0))) static void close_error(
	struct call *call, struct writer *json, const char *format, va_list arguments)
{
	struct buffer message = {0};

	buffer_format_list(&message, format, arguments);
	writer_key(json, "message");
	writer_bytes(json, message.bytes, message.length);
	buffer_done(&message);
	reply_close(call, json);
}

void reply_close_error(struct call *call, struct writer *json, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	close_error(call, json, format, arguments);
	va_end(arguments);
}

bool reply_error(struct call *call, struct reply_error error, const char *format, ...)
{
	struct writer json = {0};
	va_list arguments;

	reply_open_error(&json, error.name);
	if (error.key)
		writer_key_string(&json, error.key, error.value);
	va_start(arguments, format);
	close_error(call, &json, format, arguments);
	va_end(arguments);
	return false;
}

void reply_write_seq(const struct call *call, struct writer *json)
{
	const struct service *service = call->connection->service;

	writer_key_number(json, "seq", (int64_t)service->journal.last);
	writer_key_string(json, "epoch", service->epoch);
}

/* One reply with the items from `at`: a text before them, commas between, a text behind. */
static void reply_part(
	struct call *call, const char *key, const struct vector *items, size_t at, size_t count)
{
	struct text *comma = call->connection->service->comma;
	struct writer json = {0};

	reply_open(&json);
	reply_write_seq(call, &json);
	writer_key(&json, key);
	writer_open(&json, '[');
	connection_reply(call->connection, writer_take(&json));
	for (size_t i = at; i < at + count; i++) {
		if (i > at)
			connection_reply(call->connection, text_ref(comma));
		connection_reply(call->connection, items->items[i]);
	}
	writer_close(&json, ']');
	connection_reply(call->connection, reply_take(&json, at + count < items->count));
}

void reply_list(struct call *call, const char *key, struct vector *items)
{
	size_t part = call->more ? PART : items->count;
	size_t at = 0;

	do {
		size_t count = items->count - at < part ? items->count - at : part;

		reply_part(call, key, items, at, count);
		at += count;
	} while (at < items->count);
	vector_done(items);
	connection_end_call(call->connection);
}
