/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers to calls about instances, as claims/ gave them. */
#include "io/socket/reply_request.h"

#include "io/socket/connection.h"
#include "io/socket/internal.h"
#include "io/socket/method_state.h"
#include "io/socket/reply.h"

static void write_list(struct writer *json, const char *key, const struct vector *texts, bool raw)
{
	writer_key(json, key);
	writer_open(json, '[');
	for (size_t i = 0; i < texts->count; i++) {
		const struct text *text = texts->items[i];

		if (raw)
			writer_raw(json, text->bytes, text->length);
		else
			writer_bytes(json, text->bytes, text->length);
	}
	writer_close(json, ']');
}

static void reply_done(struct call *call, const struct request *request)
{
	struct writer json = {0};

	if (request->type == REQUEST_ACCEPT_LOSS) {
		method_status(call);
		return;
	}
	reply_open(&json);
	switch (request->type) {
	case REQUEST_CLAIM:
	case REQUEST_BIND:
		write_list(&json, "instances", &request->instances, true);
		break;
	case REQUEST_ASSIGN:
	case REQUEST_UNASSIGN:
		writer_key_raw(&json, "instance", request->instances.items[0]);
		break;
	case REQUEST_RELEASE:
		write_list(&json, "released", &request->released, false);
		break;
	case REQUEST_ACCEPT_LOSS:
		break;
	}
	reply_close(call, &json);
}

static const char *error_name(enum answer answer)
{
	switch (answer) {
	case ANSWER_DONE:
		return NULL;
	case ANSWER_INVALID:
		return "org.varlink.service.InvalidParameter";
	case ANSWER_NO_SUCH_DEVICE:
		return "org.hostdevd.NoSuchDevice";
	case ANSWER_NO_SUCH_GROUP:
		return "org.hostdevd.NoSuchGroup";
	case ANSWER_NO_SUCH_INSTANCE:
		return "org.hostdevd.NoSuchInstance";
	case ANSWER_NO_DEVICE_AVAILABLE:
		return "org.hostdevd.NoDeviceAvailable";
	case ANSWER_BUSY:
		return "org.hostdevd.Busy";
	case ANSWER_STALE_GENERATION:
		return "org.hostdevd.StaleGeneration";
	case ANSWER_NOT_PERMITTED:
		return "org.hostdevd.NotPermitted";
	case ANSWER_TIMEOUT:
		return "org.hostdevd.Timeout";
	case ANSWER_STORAGE_FAILED:
		return "org.hostdevd.StorageFailed";
	}
	return NULL;
}

static void write_instance(struct writer *json, const struct request *request)
{
	char id[INSTANCE_ID_SIZE];

	instance_format_id(request->instance, id);
	if (request->instance)
		writer_key_string(json, "instance", id);
}

/* What the error is about. */
static void write_subject(struct writer *json, const struct request *request)
{
	switch (request->answer) {
	case ANSWER_INVALID:
		writer_key_string(json, "parameter", request->parameter);
		break;
	case ANSWER_NO_SUCH_DEVICE:
		writer_key_text(json, "device", request->device);
		break;
	case ANSWER_NO_SUCH_GROUP:
		writer_key_text(json, "group", request->group);
		break;
	case ANSWER_NO_SUCH_INSTANCE:
		write_instance(json, request);
		break;
	case ANSWER_BUSY:
		writer_key_text(json, "device", request->busy_device);
		writer_key_raw(json, "reasons", request->busy_reasons);
		break;
	case ANSWER_DONE:
	case ANSWER_NO_DEVICE_AVAILABLE:
	case ANSWER_STALE_GENERATION:
	case ANSWER_NOT_PERMITTED:
	case ANSWER_TIMEOUT:
	case ANSWER_STORAGE_FAILED:
		break;
	}
}

static void reply_refused(struct call *call, const struct request *request)
{
	struct writer json = {0};

	if (request->answer == ANSWER_NOT_PERMITTED)
		counter_add(
			&call->connection->service->status->counters, COUNTER_CALLS_NOT_PERMITTED);
	reply_open_error(&json, error_name(request->answer));
	write_subject(&json, request);
	reply_close_error(call, &json, "%.*s", (int)request->message.length,
		request->message.length > 0 ? request->message.bytes : "");
}

void reply_request(const struct request *request)
{
	struct call *call = request->caller;

	if (request->abandoned)
		connection_end_call(call->connection);
	else if (request->answer == ANSWER_DONE)
		reply_done(call, request);
	else
		reply_refused(call, request);
}
