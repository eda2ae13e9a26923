/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claims/answer.h"

void answer_add(struct claims *claims, struct request *request)
{
	list_append(&claims->answered, &request->link);
}

bool answer_refuse(
	struct claims *claims, struct request *request, enum answer answer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	request_answer_list(request, answer, format, arguments);
	va_end(arguments);
	answer_add(claims, request);
	return false;
}

void answer_done(struct claims *claims, struct request *request, const struct vector *instances)
{
	request->answer = ANSWER_DONE;
	for (size_t i = 0; i < instances->count; i++)
		vector_add(&request->holders, instances->items[i]);
	answer_add(claims, request);
}

struct request *answer_take(struct claims *claims)
{
	struct request *request;

	if (list_is_empty(&claims->answered))
		return NULL;
	request = container_of(claims->answered.next, struct request, link);
	list_remove(&request->link);
	return request;
}
