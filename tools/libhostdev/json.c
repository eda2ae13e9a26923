/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON text to values and back, on jansson.
 *
 * jansson follows nested brackets by recursion, up to 2,048 deep, and so do its dump and free. What
 * comes from a socket is therefore measured before jansson sees it: one pass over the bytes that
 * knows only strings and brackets.
 *
 * The writer is ours because jansson writes 0.1 as 0.10000000000000001, for it has one precision
 * for a whole tree. Its text functions still do every leaf: they know escapes, and the caller's
 * locale.
 */
#include "json.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEPTH_MOST = 64 };

/* Does the text nest deeper than DEPTH_MOST? Brackets that do not pair are jansson's to find. */
static bool too_deep(const char *text, size_t length)
{
	size_t depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < length; i++) {
		char c = text[i];
		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '{' || c == '['))
			depth++;
		else if (!quoted && (c == '}' || c == ']') && depth > 0)
			depth--;
		if (depth > DEPTH_MOST)
			return true;
	}
	return false;
}

int json_read(const char *text, size_t length, json_t **ret_value, struct problem *ret_problem)
{
	json_error_t error;
	json_t *value;

	if (too_deep(text, length)) {
		snprintf(ret_problem->text, sizeof(ret_problem->text), "JSON nested deeper than %d",
			DEPTH_MOST);
		return -EBADMSG;
	}
	value = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!value) {
		if (json_error_code(&error) == json_error_out_of_memory)
			return -ENOMEM;
		snprintf(ret_problem->text, sizeof(ret_problem->text),
			"invalid JSON at byte %d: %s", error.position, error.text);
		return -EBADMSG;
	}
	*ret_value = value;
	return 0;
}

static int write_leaf(FILE *out, const json_t *value, size_t precision)
{
	return json_dumpf(value, out, JSON_ENCODE_ANY | JSON_REAL_PRECISION(precision));
}

/* 15 digits are what every double keeps, 17 are always enough. */
static int write_real(FILE *out, const json_t *value)
{
	for (size_t precision = 15; precision < 17; precision++) {
		char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(precision));
		json_t *again = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
		bool same = again && json_real_value(again) == json_real_value(value);

		free(text);
		json_decref(again);
		if (same)
			return write_leaf(out, value, precision);
	}
	return write_leaf(out, value, 17);
}

static int write_text(FILE *out, const char *text)
{
	json_t *value = json_string(text);
	int r = value ? write_leaf(out, value, 0) : -1;

	json_decref(value);
	return r;
}

static int write_value(FILE *out, json_t *value);

static int write_object(FILE *out, json_t *object)
{
	const char *separator = "{";
	const char *key;
	json_t *member;

	json_object_foreach(object, key, member) {
		if (fputs(separator, out) < 0 || write_text(out, key) < 0 || fputc(':', out) < 0 ||
			write_value(out, member) < 0)
			return -1;
		separator = ",";
	}
	return fputs(json_object_size(object) == 0 ? "{}" : "}", out);
}

static int write_array(FILE *out, json_t *array)
{
	const char *separator = "[";
	size_t index;
	json_t *element;

	json_array_foreach(array, index, element)
	{
		if (fputs(separator, out) < 0 || write_value(out, element) < 0)
			return -1;
		separator = ",";
	}
	return fputs(json_array_size(array) == 0 ? "[]" : "]", out);
}

static int write_value(FILE *out, json_t *value)
{
	if (json_is_object(value))
		return write_object(out, value);
	if (json_is_array(value))
		return write_array(out, value);
	if (json_is_real(value))
		return write_real(out, value);
	return write_leaf(out, value, 0);
}

char *json_write(const json_t *value)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	int r;

	if (!out)
		return NULL;
	r = write_value(out, (json_t *)value);
	if (fclose(out) != 0 || r < 0) {
		free(text);
		return NULL;
	}
	return text;
}
