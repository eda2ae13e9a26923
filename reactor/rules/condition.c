/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/condition.h"

#include "base/memory.h"
#include "rules/pattern.h"

struct condition *condition_new(enum condition_type type)
{
	struct condition *condition = memory_allocate(sizeof(*condition));

	condition->type = type;
	return condition;
}

struct condition *condition_free(struct condition *condition)
{
	if (!condition)
		return NULL;
	for (size_t i = 0; i < condition->children.count; i++)
		condition_free(condition->children.items[i]);
	vector_done(&condition->children);
	text_unref(condition->property);
	text_unref(condition->value);
	pattern_free(condition->pattern);
	free(condition);
	return NULL;
}

void condition_field_name(const struct condition *test, struct buffer *ret_name)
{
	if (test->property)
		buffer_format(ret_name, "udev.%s", test->property->bytes);
	else
		buffer_add_string(ret_name, field_describe(test->field)->name);
}
