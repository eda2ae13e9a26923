/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/socket/reply_reload.h"

#include "devices/describe.h"
#include "io/socket/connection.h"
#include "io/socket/internal.h"
#include "io/socket/reply.h"

static void write_move(struct writer *json, const struct move *move)
{
	writer_open(json, '{');
	writer_key_text(json, "device", move->device);
	writer_key_text(json, "from", move->from);
	writer_key_text(json, "to", move->to);
	writer_close(json, '}');
}

void reply_reload(struct call *call, const struct vector *moves)
{
	struct writer json = {0};

	reply_open(&json);
	writer_key(&json, "moves");
	writer_open(&json, '[');
	for (size_t i = 0; i < moves->count; i++)
		write_move(&json, moves->items[i]);
	writer_close(&json, ']');
	writer_key(&json, "findings");
	describe_findings(&json, call->connection->service->claims->devices->ruleset);
	reply_close(call, &json);
}

void reply_invalid_rules(struct call *call, const struct rule_errors *errors)
{
	struct writer json = {0};

	reply_open_error(&json, "org.hostdevd.InvalidRules");
	writer_key(&json, "errors");
	describe_rule_errors(&json, errors);
	reply_close_error(call, &json,
		"the rules have %zu errors, so those in force stay: correct them and reload again",
		errors->errors.count);
}
