/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The same token again. It comes before everything else: what was claimed under it is the caller's,
 * even if its device is not present now or would not be given again.
 */
#include "core/claims_internal.h"

static struct hold *token_hold(const struct request *request, struct instance *instance)
{
	struct hold *hold = request_is_use(request) ? &instance->terms.use : &instance->terms.grant;

	if (!request->token || instance->released || hold->token != request->token ||
		hold->token_uid != request->peer->uid)
		return NULL;
	return hold;
}

static bool asks_for_same(
	const struct request *request, const struct instance *instance, const struct hold *hold)
{
	return (!request->group || request->group == instance->group) &&
	       request->tenant == instance->tenant &&
	       (instance->tenant && !request_is_use(request) ? !request->vm
							     : request->vm == instance->terms.vm) &&
	       request_units(request) == hold->count;
}

/* A claim for a connection is tied to the new one. */
static bool needs_tie(const struct request *request, const struct hold *hold)
{
	return hold->life == LIFE_CONNECTION && request->life == LIFE_CONNECTION &&
	       hold->connection != request->connection;
}

static void tie(struct core *core, struct request *request, const struct vector *held, int64_t now)
{
	struct operation *operation = operation_add(core, OPERATION_CHANGE, request, now);

	for (size_t i = 0; i < held->count; i++) {
		struct instance_terms *terms = operation_add_change(operation, held->items[i]);
		struct hold *hold = request_is_use(request) ? &terms->use : &terms->grant;

		hold->connection = request->connection;
		hold->process = request->client_process;
		hold->over = false;
	}
}

/* Those that the token named before; false: one of them is another claim's. */
static bool find_by_token(struct core *core, const struct request *request, struct vector *ret_held,
	bool *ret_busy, bool *ret_untied)
{
	const struct vector *instances = &core->claims.instances;

	for (size_t i = 0; i < instances->count; i++) {
		struct instance *instance = instances->items[i];
		const struct hold *hold = token_hold(request, instance);

		if (!hold)
			continue;
		if (!asks_for_same(request, instance, hold))
			return false;
		vector_add(ret_held, instance);
		*ret_untied |= needs_tie(request, hold);
		*ret_busy |= instance->busy || (hold->over && !needs_tie(request, hold));
	}
	return true;
}

bool claim_repeat(struct core *core, struct request *request, int64_t now)
{
	struct vector held = {0};
	bool busy = false;
	bool untied = false;
	bool same = find_by_token(core, request, &held, &busy, &untied);

	if (!same) {
		request->parameter = "token";
		claims_refuse(core, request, ANSWER_INVALID,
			"token `%s` was used for another group, owner or count: use a new one",
			request->token->bytes);
	} else if (held.count == 0) {
		return false;
	} else if (busy) {
		operations_park(core, request, now);
	} else if (untied) {
		tie(core, request, &held, now);
	} else {
		request->answer = ANSWER_DONE;
		for (size_t i = 0; i < held.count; i++)
			vector_add(&request->holders, held.items[i]);
		claims_answer(core, request);
	}
	vector_done(&held);
	return true;
}
