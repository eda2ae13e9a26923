/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Assign, Unassign, Bind and Release: find the instances that are meant, refuse or park, or make
 * one operation of all of them.
 */
#include "base/clock.h"
#include "core/claims_internal.h"
#include "core/holding.h"

#include <inttypes.h>

/* Also what was granted and is on its way: who cleans up after a client must not miss it. */
static bool is_meant(const struct request *request, const struct instance *instance)
{
	if (instance->released)
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

static const struct hold *hold_of(const struct request *request, const struct instance *instance)
{
	return is_about_use(request, instance) ? &instance->terms.use : &instance->terms.grant;
}

static bool refuse_busy(struct core *core, struct request *request, const struct instance *instance,
	const char *why)
{
	const struct device *device = instance->identity->device;
	struct text *reasons = device ? device->now.reasons : NULL;

	request_set_busy(request, instance->device_id, reasons);
	return claims_refuse(
		core, request, ANSWER_BUSY, "instance i-%" PRId64 " %s", instance->number, why);
}

/* Whether the instance's process runs, as far as is known: its end is noticed at once. */
static bool has_process(const struct hold *hold)
{
	return hold->life == LIFE_PROCESS && !hold->over;
}

static bool check_release(
	struct core *core, struct request *request, const struct instance *instance)
{
	if (request->force)
		return true;
	if (!is_about_use(request, instance) && instance->tenant && instance->terms.vm)
		return refuse_busy(core, request, instance,
			"is used by a VM of its tenant: unassign it first");
	if (has_process(hold_of(request, instance)))
		return refuse_busy(core, request, instance,
			"is bound to a process that runs: it is released when that ends, or by an "
			"admin's `force`");
	return true;
}

static bool check_assign(
	struct core *core, struct request *request, const struct instance *instance)
{
	if (!instance->tenant) {
		request->parameter = "instance";
		return claims_refuse(core, request, ANSWER_INVALID,
			"instance i-%" PRId64 " is no tenant's, so there is nothing to assign",
			instance->number);
	}
	if (request->type == REQUEST_ASSIGN && instance->terms.vm &&
		instance->terms.vm != request->vm)
		return refuse_busy(core, request, instance, "is assigned to another VM already");
	if (request->type == REQUEST_ASSIGN && !instance->terms.vm && queue_wants(core, instance))
		return refuse_busy(
			core, request, instance, "is what others wait for, who came before");
	if (request->type == REQUEST_UNASSIGN && instance->terms.vm)
		return check_release(core, request, instance);
	return true;
}

static bool check_bind(struct core *core, struct request *request, const struct instance *instance)
{
	const struct hold *hold = hold_of(request, instance);

	if (has_process(hold) && !process_equal(&hold->process, &request->process))
		return refuse_busy(
			core, request, instance, "is bound to another process that runs");
	return true;
}

static bool check(struct core *core, struct request *request, const struct instance *instance)
{
	if (request->force && !rights_permit(core->rights, request->peer, RIGHT_ADMIN, NULL))
		return claims_refuse(
			core, request, ANSWER_NOT_PERMITTED, "only admins may use `force`");
	if (!claims_may_change(core, request, instance))
		return claims_refuse(core, request, ANSWER_NOT_PERMITTED,
			"instance i-%" PRId64 " was claimed by user %" PRId64
			": only that one and admins may change it",
			instance->number, instance->uid);
	if (request->generation && request->generation != instance->generation)
		return claims_refuse(core, request, ANSWER_STALE_GENERATION,
			"instance i-%" PRId64 " is of generation %" PRId64 ", not %" PRId64,
			instance->number, instance->generation, request->generation);
	switch (request->type) {
	case REQUEST_ASSIGN:
	case REQUEST_UNASSIGN:
		return check_assign(core, request, instance);
	case REQUEST_BIND:
		return check_bind(core, request, instance);
	case REQUEST_RELEASE:
		return check_release(core, request, instance);
	case REQUEST_CLAIM:
	case REQUEST_ACCEPT_LOSS:
		break;
	}
	return true;
}

/* Whether the instance is already as it is asked to be. */
static bool is_so(const struct request *request, const struct instance *instance)
{
	const struct hold *hold = hold_of(request, instance);

	switch (request->type) {
	case REQUEST_ASSIGN:
		return instance->terms.vm && !hold->over;
	case REQUEST_UNASSIGN:
		return !instance->terms.vm;
	case REQUEST_BIND:
		return has_process(hold) && process_equal(&hold->process, &request->process);
	case REQUEST_RELEASE:
	case REQUEST_CLAIM:
	case REQUEST_ACCEPT_LOSS:
		break;
	}
	return false;
}

static void assign(const struct request *request, struct instance_terms *terms)
{
	enum life life = request->life;

	if (life == LIFE_COUNT)
		life = request->pid ? LIFE_PROCESS : LIFE_EXPLICIT;
	text_replace(&terms->vm, text_ref(request->vm));
	text_replace(&terms->use.token, NULL);
	terms->use = (struct hold){.life = life, .count = 1};
	if (life == LIFE_PROCESS)
		terms->use.process = request->process;
	if (life == LIFE_CONNECTION) {
		terms->use.process = request->client_process;
		terms->use.connection = request->connection;
	}
}

static void bind(const struct request *request, bool use, struct instance_terms *terms)
{
	struct hold *hold = use ? &terms->use : &terms->grant;

	hold->life = LIFE_PROCESS;
	hold->process = request->process;
	hold->connection = 0;
	hold->over = false;
	hold->bind_by = 0;
}

static void change(
	const struct request *request, struct operation *operation, struct instance *instance)
{
	bool use = is_about_use(request, instance);

	switch (request->type) {
	case REQUEST_ASSIGN:
		assign(request, operation_add_change(operation, instance));
		break;
	case REQUEST_BIND:
		bind(request, use, operation_add_change(operation, instance));
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
	struct core *core, struct request *request, const struct vector *meant, int64_t now)
{
	bool whole = request->type == REQUEST_RELEASE && !(request->tenant && request->vm);
	struct operation *operation =
		operation_add(core, whole ? OPERATION_RELEASE : OPERATION_CHANGE, request, now);

	operation->essential =
		request->type == REQUEST_RELEASE || request->type == REQUEST_UNASSIGN;
	for (size_t i = 0; i < meant->count; i++)
		change(request, operation, meant->items[i]);
}

static void answer_at_once(
	struct core *core, struct request *request, const struct vector *instances)
{
	request->answer = ANSWER_DONE;
	for (size_t i = 0; i < instances->count; i++)
		vector_add(&request->holders, instances->items[i]);
	claims_answer(core, request);
}

/*
 * What the request names, by its number or its owner. Owners are but names, so whoever may claim
 * can name another user's VM: of what an owner has, only what who asks may change is meant, unless
 * that is nothing; then one of the others is returned.
 */
static const struct instance *find_meant(
	struct core *core, const struct request *request, struct vector *ret_meant)
{
	const struct vector *instances = &core->claims.instances;
	struct instance *named = claims_find(core, request->instance);
	const struct instance *foreign = NULL;

	if (named && is_meant(request, named))
		vector_add(ret_meant, named);
	for (size_t i = 0; i < instances->count && !request->instance; i++) {
		struct instance *instance = instances->items[i];

		if (is_meant(request, instance) && claims_may_change(core, request, instance))
			vector_add(ret_meant, instance);
		else if (is_meant(request, instance))
			foreign = instance;
	}
	return ret_meant->count > 0 ? NULL : foreign;
}

/* Which of those that are meant must change. False: answered or parked. */
static bool sort_out(struct core *core, struct request *request, const struct vector *meant,
	struct vector *ret_changing, int64_t now)
{
	for (size_t i = 0; i < meant->count; i++) {
		struct instance *instance = meant->items[i];

		if (instance->busy) {
			operations_park(core, request, now);
			return false;
		}
		if (!check(core, request, instance))
			return false;
		if (!is_so(request, instance))
			vector_add(ret_changing, instance);
	}
	return true;
}

static void refuse_unknown(struct core *core, struct request *request)
{
	char id[INSTANCE_ID_SIZE];

	if (request->instance) {
		instance_format_id(request->instance, id);
		claims_refuse(core, request, ANSWER_NO_SUCH_INSTANCE,
			"there is no instance %s; ListInstances has those that there are", id);
		return;
	}
	claims_refuse(core, request, ANSWER_NO_SUCH_INSTANCE,
		"%s%s%s%s has no instance; ListInstances has those that there are",
		request->vm ? "VM " : "", request->vm ? request->vm->bytes : "",
		request->vm && request->tenant ? " of tenant "
		: request->tenant	       ? "tenant "
					       : "",
		request->tenant ? request->tenant->bytes : "");
}

void claim_change(struct core *core, struct request *request, int64_t now)
{
	struct vector meant = {0};
	struct vector changing = {0};
	const struct instance *foreign;

	foreign = find_meant(core, request, &meant);
	if ((!foreign || check(core, request, foreign)) &&
		sort_out(core, request, &meant, &changing, now)) {
		if (meant.count == 0 && (request->instance || request->type == REQUEST_BIND))
			refuse_unknown(core, request);
		else if (changing.count > 0)
			decide(core, request, &meant, now);
		else
			answer_at_once(core, request, &meant);
	}
	vector_done(&meant);
	vector_done(&changing);
}

void claims_request(struct core *core, struct request *request, int64_t now)
{
	if (!request->came)
		request->came = now;
	switch (request->type) {
	case REQUEST_CLAIM:
		claim_begin(core, request, now);
		break;
	case REQUEST_ACCEPT_LOSS:
		if (core->claims.loss) {
			operation_add(core, OPERATION_ACCEPT_LOSS, request, now);
		} else {
			request->answer = ANSWER_DONE;
			claims_answer(core, request);
		}
		break;
	case REQUEST_ASSIGN:
	case REQUEST_UNASSIGN:
	case REQUEST_BIND:
	case REQUEST_RELEASE:
		claim_change(core, request, now);
		break;
	}
}
