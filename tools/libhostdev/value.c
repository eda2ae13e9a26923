/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The values of hostdev.h, which has the contracts. Every reader takes NULL, as jansson's do. */
#include "value.h"

#include "json.h"

#include <errno.h>

enum hostdev_type hostdev_value_type(const struct hostdev_value *value)
{
	if (!value)
		return HOSTDEV_ABSENT;
	switch (json_typeof(value_to_json(value))) {
	case JSON_OBJECT:
		return HOSTDEV_OBJECT;
	case JSON_ARRAY:
		return HOSTDEV_ARRAY;
	case JSON_STRING:
		return HOSTDEV_TEXT;
	case JSON_INTEGER:
		return HOSTDEV_INTEGER;
	case JSON_REAL:
		return HOSTDEV_REAL;
	case JSON_TRUE:
	case JSON_FALSE:
		return HOSTDEV_BOOLEAN;
	case JSON_NULL:
		return HOSTDEV_NULL;
	}
	return HOSTDEV_ABSENT;
}

const struct hostdev_value *hostdev_value_get(const struct hostdev_value *value, const char *key)
{
	return value_from_json(json_object_get(value_to_json(value), key));
}

const char *hostdev_value_next_key(const struct hostdev_value *value, const char *key)
{
	json_t *object = value_to_json(value);
	void *place = key ? json_object_iter_next(object, json_object_key_to_iter(key))
			  : json_object_iter(object);

	return json_object_iter_key(place);
}

const struct hostdev_value *hostdev_value_at(const struct hostdev_value *value, size_t index)
{
	return value_from_json(json_array_get(value_to_json(value), index));
}

size_t hostdev_value_count(const struct hostdev_value *value)
{
	return json_array_size(value_to_json(value)) + json_object_size(value_to_json(value));
}

const char *hostdev_value_text(const struct hostdev_value *value)
{
	return json_string_value(value_to_json(value));
}

int64_t hostdev_value_integer(const struct hostdev_value *value)
{
	return json_integer_value(value_to_json(value));
}

double hostdev_value_real(const struct hostdev_value *value)
{
	return json_number_value(value_to_json(value));
}

bool hostdev_value_boolean(const struct hostdev_value *value)
{
	return json_is_true(value_to_json(value));
}

char *hostdev_value_dump(const struct hostdev_value *value)
{
	return json_write(value ? value_to_json(value) : json_null());
}

int hostdev_value_parse(const char *text, size_t length, struct hostdev_value **ret_value)
{
	struct problem problem;
	json_t *json;
	int r = json_read(text, length, &json, &problem);

	if (r < 0)
		return r;
	*ret_value = value_from_json(json);
	return 0;
}

struct hostdev_value *hostdev_value_new_object(void)
{
	return value_from_json(json_object());
}

struct hostdev_value *hostdev_value_new_array(void)
{
	return value_from_json(json_array());
}

struct hostdev_value *hostdev_value_new_text(const char *text)
{
	return value_from_json(json_string(text));
}

struct hostdev_value *hostdev_value_new_integer(int64_t number)
{
	return value_from_json(json_integer(number));
}

struct hostdev_value *hostdev_value_new_boolean(bool truth)
{
	return value_from_json(json_boolean(truth));
}

int hostdev_value_set(struct hostdev_value *object, const char *key, struct hostdev_value *member)
{
	if (json_object_set_new(value_to_json(object), key, value_to_json(member)) < 0)
		return -EINVAL;
	return 0;
}

int hostdev_value_append(struct hostdev_value *array, struct hostdev_value *element)
{
	if (json_array_append_new(value_to_json(array), value_to_json(element)) < 0)
		return -EINVAL;
	return 0;
}

struct hostdev_value *hostdev_value_ref(const struct hostdev_value *value)
{
	return value_from_json(json_incref(value_to_json(value)));
}

struct hostdev_value *hostdev_value_unref(struct hostdev_value *value)
{
	json_decref(value_to_json(value));
	return NULL;
}
