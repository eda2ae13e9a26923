/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/socket/parameter.h"

#include <jansson.h>
#include <string.h>

static const char *type_name(enum parameter_type type)
{
	switch (type) {
	case PARAMETER_STRING:
		return "a string";
	case PARAMETER_INTEGER:
		return "an integer";
	case PARAMETER_BOOLEAN:
		return "true or false";
	case PARAMETER_STRINGS:
		return "an array of strings";
	}
	return "";
}

static bool are_strings(const json_t *value)
{
	for (size_t i = 0; i < json_array_size(value); i++)
		if (!json_is_string(json_array_get(value, i)))
			return false;
	return json_is_array(value);
}

static bool is_of_type(const json_t *value, enum parameter_type type)
{
	switch (type) {
	case PARAMETER_STRING:
		return json_is_string(value);
	case PARAMETER_INTEGER:
		return json_is_integer(value);
	case PARAMETER_BOOLEAN:
		return json_is_boolean(value);
	case PARAMETER_STRINGS:
		return are_strings(value);
	}
	return false;
}

static bool is_known(const struct parameter *table, const char *name)
{
	while (table->name && strcmp(table->name, name) != 0)
		table++;
	return table->name;
}

static void explain_unknown(struct buffer *message, const struct parameter *table, const char *name)
{
	buffer_format(message, "there is no parameter `%s`; this method takes ", name);
	if (!table->name)
		buffer_add_string(message, "none");
	for (const struct parameter *at = table; at->name; at++)
		buffer_format(message, "%s`%s`", at == table ? "" : ", ", at->name);
}

int parameter_check(const struct parameter *table, json_t *parameters, struct buffer *message,
	const char **ret_name)
{
	const char *name;
	json_t *value;

	json_object_foreach(parameters, name, value) {
		if (is_known(table, name))
			continue;
		explain_unknown(message, table, name);
		*ret_name = name;
		return PARAMETER_WRONG;
	}
	for (; table->name; table++) {
		value = json_object_get(parameters, table->name);
		if (json_is_null(value))
			value = NULL;
		if (value ? is_of_type(value, table->type) : table->optional)
			continue;
		buffer_format(message, "`%s` %s %s", table->name,
			value ? "must be" : "is missing:", type_name(table->type));
		*ret_name = table->name;
		return PARAMETER_WRONG;
	}
	return 0;
}
