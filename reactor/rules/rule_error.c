/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/rule_error.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

/* Words of rule files are quoted in messages, which go to terminals and logs. */
static char *clean_copy(const char *string)
{
	struct buffer clean = {0};

	utf8_clean(&clean, string, strlen(string));
	buffer_string(&clean);
	return clean.bytes;
}

static void append(struct rule_errors *errors, struct rule_error error)
{
	struct rule_error *entry = memory_allocate(sizeof(*entry));

	*entry = error;
	vector_add(&errors->errors, entry);
}

void rule_errors_add(struct rule_errors *errors, const char *file, unsigned line, const char *hint,
	const char *format, ...)
{
	struct buffer message = {0};
	va_list arguments;

	if (errors->errors.count > RULE_ERRORS_MOST)
		return;
	if (errors->errors.count == RULE_ERRORS_MOST) {
		append(errors, (struct rule_error){memory_duplicate(file), 0,
				       memory_duplicate("more errors than can be listed"),
				       memory_duplicate("mend those above first"), SIZE_MAX});
		return;
	}
	va_start(arguments, format);
	buffer_format_list(&message, format, arguments);
	va_end(arguments);
	append(errors,
		(struct rule_error){memory_duplicate(file), line,
			clean_copy(buffer_string(&message)), clean_copy(hint), errors->source});
	buffer_done(&message);
}

void rule_error_write(const struct rule_error *error, struct buffer *buffer)
{
	buffer_format(buffer, "%s:", error->file);
	if (error->line > 0)
		buffer_format(buffer, "%u:", error->line);
	buffer_format(buffer, " %s", error->message);
	if (error->hint[0])
		buffer_format(buffer, "; %s", error->hint);
}

void rule_errors_done(struct rule_errors *errors)
{
	for (size_t i = 0; i < errors->errors.count; i++) {
		struct rule_error *error = errors->errors.items[i];

		free(error->file);
		free(error->message);
		free(error->hint);
		free(error);
	}
	vector_done(&errors->errors);
}

struct rule_text *rule_text_new(const char *file, const void *bytes, size_t length)
{
	struct rule_text *text = memory_allocate(sizeof(*text));

	text->file = memory_duplicate(file);
	text->length = length;
	text->bytes = memory_allocate(length + 1);
	if (length > 0)
		memcpy(text->bytes, bytes, length);
	return text;
}

void rule_texts_done(struct vector *texts)
{
	for (size_t i = 0; i < texts->count; i++) {
		struct rule_text *text = texts->items[i];

		free(text->file);
		free(text->bytes);
		free(text);
	}
	vector_done(texts);
}
