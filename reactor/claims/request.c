/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claims/request.h"

#include "base/memory.h"

struct request *request_new(enum request_type type)
{
	struct request *request = memory_allocate(sizeof(*request));

	list_init(&request->link);
	request->type = type;
	request->numa_node = -1;
	request->life = LIFE_COUNT;
	return request;
}

struct request *request_free(struct request *request)
{
	if (!request)
		return NULL;
	text_unref(request->group);
	text_unref(request->device);
	text_unref(request->vm);
	text_unref(request->tenant);
	text_unref(request->token);
	text_unref(request->busy_device);
	text_unref(request->busy_reasons);
	buffer_done(&request->message);
	text_vector_done(&request->instances);
	text_vector_done(&request->released);
	vector_done(&request->holders);
	free(request);
	return NULL;
}

void request_answer(struct request *request, enum answer answer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	request_answer_list(request, answer, format, arguments);
	va_end(arguments);
}

void request_answer_list(
	struct request *request, enum answer answer, const char *format, va_list arguments)
{
	request->answer = answer;
	buffer_format_list(&request->message, format, arguments);
}

void request_set_busy(struct request *request, struct text *device, struct text *reasons)
{
	request->busy_device = text_ref(device);
	request->busy_reasons = reasons ? text_ref(reasons) : text_new("[]", 2);
}

bool request_may_claim(
	const struct request *request, const struct rights *rights, const struct text *group)
{
	return rights_permit(
		rights, request->peer, RIGHT_CLAIM, &(struct right_subject){.group = group});
}

bool request_may_change(
	const struct request *request, const struct rights *rights, const struct instance *instance)
{
	return rights_permit(rights, request->peer, RIGHT_INSTANCE,
		&(struct right_subject){.uid = instance->uid});
}
