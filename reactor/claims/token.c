/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claims/token.h"

#include "claims/answer.h"
#include "claims/hold.h"
#include "claims/operation.h"

static struct hold *token_hold(const struct request *request, struct instance *instance)
{
	struct hold *hold = request_is_use(request) ? &instance->terms.use : &instance->terms.grant;

	if (!request->token || instance->phase == INSTANCE_RELEASED ||
		hold->token != request->token || hold->token_uid != request->peer->uid)
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

static void tie(
	struct claims *claims, struct request *request, const struct vector *held, int64_t now)
{
	struct operation *operation = operation_add(claims, OPERATION_CHANGE, request, now);

	for (size_t i = 0; i < held->count; i++) {
		struct instance_terms *terms = operation_add_change(operation, held->items[i]);
		struct hold *hold = request_is_use(request) ? &terms->use : &terms->grant;

		hold_tie(hold, request);
	}
}

/* Those that the token named before; false: one of them is another claim's. */
static bool find_by_token(struct claims *claims, const struct request *request,
	struct vector *ret_held, bool *ret_busy, bool *ret_untied)
{
	const struct vector *instances = &claims->instances;

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

bool token_repeat(struct claims *claims, struct request *request, int64_t now)
{
	struct vector held = {0};
	bool busy = false;
	bool untied = false;
	bool same = find_by_token(claims, request, &held, &busy, &untied);

	if (!same) {
		request->parameter = "token";
		answer_refuse(claims, request, ANSWER_INVALID,
			"token `%s` was used for another group, owner or count: use a new one",
			request->token->bytes);
	} else if (held.count == 0) {
		return false;
	} else if (busy) {
		operation_park(claims, request, now);
	} else if (untied) {
		tie(claims, request, &held, now);
	} else {
		answer_done(claims, request, &held);
	}
	vector_done(&held);
	return true;
}
