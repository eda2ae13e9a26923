/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/socket/call.h"

#include <jansson.h>
#include <string.h>

/* Whether brackets outside of strings nest too deep; whether they pair is jansson's business. */
static bool is_too_deep(const char *bytes, size_t length)
{
	unsigned depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < length; i++) {
		if (quoted && bytes[i] == '\\')
			i++;
		else if (bytes[i] == '"')
			quoted = !quoted;
		else if (!quoted && (bytes[i] == '{' || bytes[i] == '['))
			depth++;
		else if (!quoted && (bytes[i] == '}' || bytes[i] == ']') && depth > 0)
			depth--;
		if (depth > CALL_MOST_DEPTH)
			return true;
	}
	return false;
}

static bool read_flag(const json_t *value, bool *ret_flag)
{
	*ret_flag = json_is_true(value);
	return json_is_boolean(value) || json_is_null(value);
}

static bool read_key(struct call *call, const char *key, json_t *value)
{
	if (strcmp(key, "oneway") == 0)
		return read_flag(value, &call->oneway);
	if (strcmp(key, "more") == 0)
		return read_flag(value, &call->more);
	if (strcmp(key, "upgrade") == 0)
		return read_flag(value, &call->upgrade);
	if (strcmp(key, "parameters") == 0) {
		call->parameters = json_is_null(value) ? NULL : value;
		return json_is_object(value) || json_is_null(value);
	}
	if (strcmp(key, "method") == 0) {
		call->name = json_string_value(value);
		return call->name;
	}
	return false;
}

static bool read_message(struct call *call)
{
	const char *key;
	json_t *value;

	json_object_foreach(call->message, key, value)
		if (!read_key(call, key, value))
			return false;
	return call->name;
}

int call_parse(struct call *call, const char *bytes, size_t length)
{
	if (is_too_deep(bytes, length))
		return CALL_MALFORMED;
	call->message = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, NULL);
	if (read_message(call))
		return 0;
	call_done(call);
	return CALL_MALFORMED;
}

void call_done(struct call *call)
{
	json_decref(call->message);
	*call = (struct call){.link = call->link, .connection = call->connection};
}

/* json_object_get takes NULL, and every json_*_value a value of another type. */
static json_t *find(const struct call *call, const char *name)
{
	return json_object_get(call->parameters, name);
}

const char *call_string(const struct call *call, const char *name)
{
	return json_string_value(find(call, name));
}

bool call_has(const struct call *call, const char *name)
{
	const json_t *value = find(call, name);

	return value && !json_is_null(value);
}

const char *call_string_at(const struct call *call, const char *name, size_t at)
{
	return json_string_value(json_array_get(find(call, name), at));
}

bool call_flag(const struct call *call, const char *name)
{
	return json_is_true(find(call, name));
}

bool call_integer(const struct call *call, const char *name, int64_t *ret_number)
{
	const json_t *value = find(call, name);

	if (!json_is_integer(value))
		return false;
	*ret_number = json_integer_value(value);
	return true;
}
