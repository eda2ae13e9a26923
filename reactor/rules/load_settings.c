/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/load_settings.h"

#include "rules/scan.h"

#include <string.h>

/* The last line on which anything stands: what is missing at the end is missing there, not in the
 * empty lines where libconfig noticed. */
static unsigned last_line(const struct rule_text *text)
{
	size_t length = text->length;
	unsigned line = 1;

	while (length > 0 && strchr(" \t\r\n", text->bytes[length - 1]))
		length--;
	for (size_t i = 0; i < length; i++)
		line += text->bytes[i] == '\n';
	return line;
}

static void add_error(
	const struct rule_text *text, struct rule_errors *errors, const config_t *config)
{
	const char *message = config_error_text(config);
	unsigned line = (unsigned)config_error_line(config), last = last_line(text);
	bool twice = strcmp(message, "duplicate setting name") == 0;

	rule_errors_add(errors, text->file, line < last ? line : last,
		twice ? "keep one of them"
		      : "look for a missing `;` or `,`, or a text without quotes, here or on the "
			"line before",
		"%s", twice ? "the same key twice in one `{}`" : message);
}

bool load_settings(const struct rule_text *text, struct rule_errors *errors, config_t *config)
{
	struct buffer bytes = {0};
	bool parsed;

	if (!scan_text(text, errors))
		return false;
	buffer_add(&bytes, text->bytes, text->length);
	buffer_add_byte(&bytes, '\n'); /* libconfig takes a comment only with its line end */
	parsed = config_read_string(config, buffer_string(&bytes));
	buffer_done(&bytes);
	if (!parsed)
		add_error(text, errors, config);
	return parsed;
}
