/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values are printed in their normalised form and always quoted, so one rule has one spelling. */
#include "rules/print.h"

void print_string(struct buffer *buffer, const struct text *text)
{
	buffer_add_byte(buffer, '"');
	for (size_t i = 0; i < text->length; i++) {
		if (text->bytes[i] == '"' || text->bytes[i] == '\\')
			buffer_add_byte(buffer, '\\');
		buffer_add_byte(buffer, text->bytes[i]);
	}
	buffer_add_byte(buffer, '"');
}

static void print_condition(struct buffer *buffer, const struct condition *condition);

static void print_test(struct buffer *buffer, const struct condition *test)
{
	buffer_add_string(buffer, "(\"");
	condition_field_name(test, buffer);
	buffer_format(buffer, "\", \"%s\", ", op_name(test->op));
	print_string(buffer, test->value);
	buffer_add_byte(buffer, ')');
}

static void print_composite(
	struct buffer *buffer, const char *word, const struct condition *condition)
{
	buffer_format(buffer, "(\"%s\"", word);
	for (size_t i = 0; i < condition->children.count; i++) {
		buffer_add_string(buffer, ", ");
		print_condition(buffer, condition->children.items[i]);
	}
	buffer_add_byte(buffer, ')');
}

static void print_condition(struct buffer *buffer, const struct condition *condition)
{
	switch (condition->type) {
	case CONDITION_TEST:
		print_test(buffer, condition);
		break;
	case CONDITION_ANY:
		print_composite(buffer, "any", condition);
		break;
	case CONDITION_ALL:
		print_composite(buffer, "all", condition);
		break;
	case CONDITION_NOT:
		print_composite(buffer, "not", condition);
		break;
	}
}

void print_match(struct buffer *buffer, const struct rule *rule)
{
	for (size_t i = 0; i < rule->match->children.count; i++) {
		if (i > 0)
			buffer_add_string(buffer, ", ");
		print_condition(buffer, rule->match->children.items[i]);
	}
}
