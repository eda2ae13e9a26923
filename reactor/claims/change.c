/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claims/change.h"

#include "claims/answer.h"
#include "claims/hold.h"
#include "claims/operation.h"
#include "claims/queue.h"
#include "claims/roster.h"

#include <inttypes.h>

/* Also what was granted and is on its way: who cleans up after a client must not miss it. */
static bool is_meant(const struct request *request, const struct instance *instance)
{
	if (instance->phase == INSTANCE_RELEASED)
		return false;
	if (request->instance)
		return instance->number == request->instance;
	if (request->tenant)
		return instance->tenant == request->tenant &&
		       (!request->vm || instance->terms.vm == request->vm);
	return !instance->tenant && instance->terms.vm == request->vm;
}

/* Whether it is about the use of a tenant's instance rather than about the grant. */
static bool is_about_use(const struct request *request, const struct instance *instance)
{
	switch (request->type) {
	case REQUEST_ASSIGN:
	case REQUEST_UNASSIGN:
		return true;
	case REQUEST_BIND:
		return instance->tenant && instance->terms.vm && (request->instance || request->vm);
	case REQUEST_RELEASE:
		return request->tenant && request->vm;
	case REQUEST_CLAIM:
	case REQUEST_ACCEPT_LOSS:
		break;
	}
	return false;
}

static const struct hold *meant_hold(const struct request *request, const struct instance *instance)
{
	return is_about_use(request, instance) ? &instance->terms.use : &instance->terms.grant;
}

static bool refuse_busy(struct claims *claims, struct request *request,
	const struct instance *instance, const char *why)
{
	const struct device *device = instance->identity->device;
	struct text *reasons = device ? device->now.reasons : NULL;

	request_set_busy(request, instance->device_id, reasons);
	return answer_refuse(
		claims, request, ANSWER_BUSY, "instance i-%" PRId64 " %s", instance->number, why);
}

static bool check_release(
	struct claims *claims, struct request *request, const struct instance *instance)
{
	if (request->force)
		return true;
	if (!is_about_use(request, instance) && instance->tenant && instance->terms.vm)
		return refuse_busy(claims, request, instance,
			"is used by a VM of its tenant: unassign it first");
	if (hold_has_process(meant_hold(request, instance)))
		return refuse_busy(claims, request, instance,
			"is bound to a process that runs: it is released when that ends, or by an "
			"admin's `force`");
	return true;
}

static bool check_assign(
	struct claims *claims, struct request *request, const struct instance *instance)
{
	if (!instance->tenant) {
		request->parameter = "instance";
		return answer_refuse(claims, request, ANSWER_INVALID,
			"instance i-%" PRId64 " is no tenant's, so there is nothing to assign",
			instance->number);
	}
	if (request->type == REQUEST_ASSIGN && instance->terms.vm &&
		instance->terms.vm != request->vm)
		return refuse_busy(claims, request, instance, "is assigned to another VM already");
	if (request->type == REQUEST_ASSIGN && !instance->terms.vm &&
		queue_wants(claims, instance, request))
		return refuse_busy(
			claims, request, instance, "is what others wait for, who came before");
	if (request->type == REQUEST_UNASSIGN && instance->terms.vm)
		return check_release(claims, request, instance);
	return true;
}

static bool check_bind(
	struct claims *claims, struct request *request, const struct instance *instance)
{
	const struct hold *hold = meant_hold(request, instance);

	if (hold_has_process(hold) && !process_equal(&hold->process, &request->process))
		return refuse_busy(
			claims, request, instance, "is bound to another process that runs");
	return true;
}

static bool check(struct claims *claims, struct request *request, const struct instance *instance)
{
	if (request->force && !rights_permit(claims->rights, request->peer, RIGHT_ADMIN, NULL))
		return answer_refuse(
			claims, request, ANSWER_NOT_PERMITTED, "only admins may use `force`");
	if (!request_may_change(request, claims->rights, instance))
		return answer_refuse(claims, request, ANSWER_NOT_PERMITTED,
			"instance i-%" PRId64 " was claimed by user %" PRId64
			": only that one and admins may change it",
			instance->number, instance->uid);
	if (request->generation && request->generation != instance->generation)
		return answer_refuse(claims, request, ANSWER_STALE_GENERATION,
			"instance i-%" PRId64 " is of generation %" PRId64 ", not %" PRId64,
			instance->number, instance->generation, request->generation);
	switch (request->type) {
	case REQUEST_ASSIGN:
	case REQUEST_UNASSIGN:
		return check_assign(claims, request, instance);
	case REQUEST_BIND:
		return check_bind(claims, request, instance);
	case REQUEST_RELEASE:
		return check_release(claims, request, instance);
	case REQUEST_CLAIM:
	case REQUEST_ACCEPT_LOSS:
		break;
	}
	return true;
}

/* Whether the instance is already as it is asked to be. */
static bool is_so(const struct request *request, const struct instance *instance)
{
	const struct hold *hold = meant_hold(request, instance);

	switch (request->type) {
	case REQUEST_ASSIGN:
		return instance->terms.vm && !hold->over;
	case REQUEST_UNASSIGN:
		return !instance->terms.vm;
	case REQUEST_BIND:
		return hold_has_process(hold) && process_equal(&hold->process, &request->process);
	case REQUEST_RELEASE:
	case REQUEST_CLAIM:
	case REQUEST_ACCEPT_LOSS:
		break;
	}
	return false;
}

static void change(const struct request *request, struct operation *operation,
	struct instance *instance, int64_t now)
{
	struct instance_terms *terms;
	bool use = is_about_use(request, instance);

	switch (request->type) {
	case REQUEST_ASSIGN:
		operation_assign(operation, instance, now);
		break;
	case REQUEST_BIND:
		terms = operation_add_change(operation, instance);
		hold_bind(use ? &terms->use : &terms->grant, &request->process);
		break;
	case REQUEST_UNASSIGN:
		operation_unassign(operation, instance);
		break;
	case REQUEST_RELEASE:
		if (use)
			operation_unassign(operation, instance);
		else
			operation_add_instance(operation, instance);
		break;
	case REQUEST_CLAIM:
	case REQUEST_ACCEPT_LOSS:
		break;
	}
}

static void decide(
	struct claims *claims, struct request *request, const struct vector *meant, int64_t now)
{
	bool whole = request->type == REQUEST_RELEASE && !(request->tenant && request->vm);
	struct operation *operation =
		operation_add(claims, whole ? OPERATION_RELEASE : OPERATION_CHANGE, request, now);

	for (size_t i = 0; i < meant->count; i++)
		change(request, operation, meant->items[i], now);
}

/*
 * What the request names, by its number or its owner. Owners are but names, so whoever may claim
 * can name another user's VM: of what an owner has, only what who asks may change is meant, unless
 * that is nothing; then one of the others is returned.
 */
static const struct instance *find_meant(
	struct claims *claims, const struct request *request, struct vector *ret_meant)
{
	const struct vector *instances = &claims->instances;
	struct instance *named = roster_find(claims, request->instance);
	const struct instance *foreign = NULL;

	if (named && is_meant(request, named))
		vector_add(ret_meant, named);
	for (size_t i = 0; i < instances->count && !request->instance; i++) {
		struct instance *instance = instances->items[i];

		if (is_meant(request, instance) &&
			request_may_change(request, claims->rights, instance))
			vector_add(ret_meant, instance);
		else if (is_meant(request, instance))
			foreign = instance;
	}
	return ret_meant->count > 0 ? NULL : foreign;
}

/* Which of those that are meant must change. False: answered or parked. */
static bool sort_out(struct claims *claims, struct request *request, const struct vector *meant,
	struct vector *ret_changing, int64_t now)
{
	for (size_t i = 0; i < meant->count; i++) {
		struct instance *instance = meant->items[i];

		if (instance->busy) {
			operation_park(claims, request, now);
			return false;
		}
		if (!check(claims, request, instance))
			return false;
		if (!is_so(request, instance))
			vector_add(ret_changing, instance);
	}
	return true;
}

static void refuse_unknown(struct claims *claims, struct request *request)
{
	char id[INSTANCE_ID_SIZE];

	if (request->instance) {
		instance_format_id(request->instance, id);
		answer_refuse(claims, request, ANSWER_NO_SUCH_INSTANCE,
			"there is no instance %s; ListInstances has those that there are", id);
		return;
	}
	answer_refuse(claims, request, ANSWER_NO_SUCH_INSTANCE,
		"%s%s%s%s has no instance; ListInstances has those that there are",
		request->vm ? "VM " : "", request->vm ? request->vm->bytes : "",
		request->vm && request->tenant ? " of tenant "
		: request->tenant	       ? "tenant "
					       : "",
		request->tenant ? request->tenant->bytes : "");
}

void change_decide(struct claims *claims, struct request *request, int64_t now)
{
	struct vector meant = {0};
	struct vector changing = {0};
	const struct instance *foreign;

	foreign = find_meant(claims, request, &meant);
	if ((!foreign || check(claims, request, foreign)) &&
		sort_out(claims, request, &meant, &changing, now)) {
		if (meant.count == 0 && (request->instance || request->type == REQUEST_BIND))
			refuse_unknown(claims, request);
		else if (changing.count > 0)
			decide(claims, request, &meant, now);
		else
			answer_done(claims, request, &meant);
	}
	vector_done(&meant);
	vector_done(&changing);
}
