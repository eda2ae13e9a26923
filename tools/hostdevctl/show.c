/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values of the daemon as text for people. What can be printed without knowing its keys is: the
 * daemon gains counters and fields, and this program need not be told.
 */
#include "show.h"

#include "output.h"
#include "table.h"
#include "text.h"

#include <string.h>
#include <time.h>

const char *show_text(const struct hostdev_value *object, const char *key)
{
	const char *text = hostdev_value_text(hostdev_value_get(object, key));

	return text ? text : "";
}

const struct hostdev_value *show_find(
	const struct hostdev_value *list, const char *key, const char *text)
{
	for (size_t i = 0; i < hostdev_value_count(list); i++)
		if (strcmp(show_text(hostdev_value_at(list, i), key), text) == 0)
			return hostdev_value_at(list, i);
	return NULL;
}

static char *list_line(const struct hostdev_value *list)
{
	char *line = NULL;

	for (size_t i = 0; i < hostdev_value_count(list); i++) {
		char *element = show_line(hostdev_value_at(list, i));

		line = output_join(line, ", ", element);
		free(element);
	}
	return line ? line : output_must(strdup(""));
}

char *show_line(const struct hostdev_value *value)
{
	char *json, *clean;

	switch (hostdev_value_type(value)) {
	case HOSTDEV_ABSENT:
	case HOSTDEV_NULL:
		return output_must(strdup(""));
	case HOSTDEV_TEXT:
		return text_clean(hostdev_value_text(value));
	case HOSTDEV_BOOLEAN:
		return output_must(strdup(hostdev_value_boolean(value) ? "yes" : "no"));
	case HOSTDEV_ARRAY:
		return list_line(value);
	case HOSTDEV_INTEGER:
	case HOSTDEV_REAL:
	case HOSTDEV_OBJECT:
		break;
	}
	json = output_must(hostdev_value_dump(value));
	clean = text_clean(json);
	free(json);
	return clean;
}

/* Does the value take lines of its own, below its key? */
static bool is_nested(const struct hostdev_value *value)
{
	if (hostdev_value_type(value) == HOSTDEV_ARRAY)
		value = hostdev_value_at(value, 0);
	return hostdev_value_type(value) == HOSTDEV_OBJECT;
}

static void show_members(const struct hostdev_value *object, int indent);

static void show_nested(const struct hostdev_value *value, int indent)
{
	if (hostdev_value_type(value) == HOSTDEV_OBJECT) {
		show_members(value, indent);
		return;
	}
	for (size_t i = 0; i < hostdev_value_count(value); i++) {
		printf("%*s%zu\n", indent, "", i + 1);
		show_members(hostdev_value_at(value, i), indent + 2);
	}
}

/* The keys that are a time, in microseconds since 1970. */
static bool is_time(const char *key)
{
	return strcmp(key, "started") == 0 || strcmp(key, "since") == 0;
}

/* A member's value as one line: in a pipe as it is, on a terminal with times as people read them.
 */
static char *member_line(const char *key, const struct hostdev_value *member)
{
	time_t seconds = (time_t)(hostdev_value_integer(member) / 1000000);
	struct tm parts;
	char text[64];

	if (!is_time(key) || hostdev_value_type(member) != HOSTDEV_INTEGER ||
		!output_is_terminal() || !localtime_r(&seconds, &parts) ||
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %Z", &parts) == 0)
		return show_line(member);
	return text_clean(text);
}

static void show_members(const struct hostdev_value *object, int indent)
{
	const char *key = NULL;
	size_t width = 0;

	while ((key = hostdev_value_next_key(object, key)))
		if (!is_nested(hostdev_value_get(object, key)) && text_width(key) > width)
			width = text_width(key);
	while ((key = hostdev_value_next_key(object, key))) {
		const struct hostdev_value *member = hostdev_value_get(object, key);
		char *name = text_clean(key);

		if (is_nested(member)) {
			printf("%*s%s\n", indent, "", name);
			show_nested(member, indent + 2);
		} else {
			char *line = member_line(key, member);

			printf("%*s%s%*s%s\n", indent, "", name,
				(int)(width - text_width(name) + 2), "", *line ? line : "-");
			free(line);
		}
		free(name);
	}
}

void show_object(const struct hostdev_value *object)
{
	show_members(object, 0);
}

void show_place(FILE *out, const struct hostdev_value *entry)
{
	const char *hint = *show_text(entry, "hint") ? "hint" : "fix";
	char *file = show_line(hostdev_value_get(entry, "file"));
	const struct hostdev_value *line = hostdev_value_get(entry, "line");
	char *number = show_line(hostdev_value_integer(line) == 0 ? NULL : line); /* 0: all of it */
	char *level = show_line(hostdev_value_get(entry, "level"));
	char *message = show_line(hostdev_value_get(entry, "message"));
	char *advice = show_line(hostdev_value_get(entry, hint));

	if (*file)
		fprintf(out, "%s:%s%s", file, number, *number ? ": " : " ");
	fprintf(out, "%s%s%s%s%s\n", level, *level ? ": " : "", message, *advice ? "; " : "",
		advice);
	free(file);
	free(number);
	free(level);
	free(message);
	free(advice);
}

struct table *show_table(
	const struct hostdev_value *objects, const char *const *headers, const char *const *keys)
{
	struct table *table = table_new(headers);

	for (size_t i = 0; i < hostdev_value_count(objects); i++) {
		char *cells[TABLE_COLUMNS_MOST];

		for (size_t j = 0; headers[j]; j++)
			cells[j] =
				show_line(hostdev_value_get(hostdev_value_at(objects, i), keys[j]));
		table_add(table, (const char *const *)cells);
		for (size_t j = 0; headers[j]; j++)
			free(cells[j]);
	}
	return table;
}

void show_devices(const struct hostdev_value *devices)
{
	static const char *const headers[] = {"ID", "STATE", "GROUP", "DRIVER", "NAME", NULL};
	static const char *const keys[] = {"id", "state", "group", "bound", "name"};

	table_print_free(show_table(devices, headers, keys));
}
