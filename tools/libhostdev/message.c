/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Varlink messages. Replies are judged as strictly as sd-varlink does: parameters, continues and
 * error are all that may stand at the top, each of its type, and a rule broken is the end of the
 * connection. To guess what a broken peer meant was rejected.
 */
#include "message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int message_call(const char *method, const json_t *parameters, bool more, char **ret_text)
{
	const char *interface = strchr(method, '.') ? "" : "org.hostdevd.";
	json_error_t error;
	json_t *call = json_pack_ex(&error, 0, "{s:s++}", "method", interface, method, "");
	char *text = NULL;

	if (!call)
		return json_error_code(&error) == json_error_invalid_utf8 ? -EINVAL : -ENOMEM;
	if ((!parameters || json_object_set(call, "parameters", (json_t *)parameters) == 0) &&
		(!more || json_object_set_new(call, "more", json_true()) == 0))
		text = json_write(call);
	json_decref(call);
	if (!text)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}

/* The first rule that the reply breaks; NULL if it keeps all. */
static const char *broken_rule(const json_t *reply, bool more)
{
	const json_t *parameters = json_object_get(reply, "parameters");
	const json_t *continues = json_object_get(reply, "continues");
	const json_t *error = json_object_get(reply, "error");
	size_t known = (parameters != NULL) + (continues != NULL) + (error != NULL);

	if (!json_is_object(reply))
		return "the reply is no object";
	if (json_object_size(reply) != known)
		return "a key beside parameters, continues and error";
	if (parameters && !json_is_object(parameters))
		return "parameters is no object";
	if (continues && !json_is_boolean(continues))
		return "continues is no boolean";
	if (json_is_true(continues) && !more)
		return "continues for a call without more";
	if (error && (!json_is_string(error) || !strchr(json_string_value(error), '.')))
		return "error is no name of an interface and an error";
	if (error && json_is_true(continues))
		return "an error that continues";
	return NULL;
}

static int take_reply(json_t *json, struct reply *ret_reply)
{
	json_t *parameters = json_object_get(json, "parameters");
	const char *error = json_string_value(json_object_get(json, "error"));
	struct reply reply = {
		.parameters = parameters ? json_incref(parameters) : json_object(),
		.error = error ? strdup(error) : NULL,
		.continues = json_is_true(json_object_get(json, "continues")),
	};

	if (!reply.parameters || (error && !reply.error)) {
		json_decref(reply.parameters);
		free(reply.error);
		return -ENOMEM;
	}
	*ret_reply = reply;
	return 0;
}

int message_reply(const char *text, size_t length, bool more, struct reply *ret_reply,
	struct problem *ret_problem)
{
	const char *rule;
	json_t *json;
	int r = json_read(text, length, &json, ret_problem);

	if (r < 0)
		return r == -EBADMSG ? -EPROTO : r;
	rule = broken_rule(json, more);
	if (rule) {
		snprintf(ret_problem->text, sizeof(ret_problem->text), "%s", rule);
		r = -EPROTO;
	} else {
		r = take_reply(json, ret_reply);
	}
	json_decref(json);
	return r;
}
