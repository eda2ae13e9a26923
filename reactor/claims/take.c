/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claims/take.h"

#include "base/clock.h"
#include "claims/answer.h"
#include "claims/hold.h"
#include "claims/holding.h"
#include "claims/identity.h"
#include "claims/life.h"
#include "claims/operation.h"
#include "claims/owner.h"
#include "claims/pick.h"
#include "claims/queue.h"
#include "claims/roster.h"
#include "claims/token.h"

#include <fnmatch.h>
#include <inttypes.h>

/* ---- new instances */

static bool is_assigned(
	const struct resource_group *group, const struct text *owner, int64_t *ret_most)
{
	for (size_t i = 0; i < group->owners.count; i++) {
		const struct group_owner *assigned = group->owners.items[i];

		if (fnmatch(assigned->pattern->bytes, owner->bytes, 0) != 0)
			continue;
		*ret_most = assigned->most;
		return true;
	}
	*ret_most = -1;
	return group->owners.count == 0;
}

static int64_t held_by(
	struct claims *claims, const struct resource_group *group, const struct request *request)
{
	const struct vector *instances = &claims->instances;
	int64_t count = 0;

	for (size_t i = 0; i < instances->count; i++) {
		const struct instance *instance = instances->items[i];

		count += instance->phase != INSTANCE_RELEASED && instance->group == group->name &&
			 instance->tenant == request->tenant &&
			 (instance->tenant || instance->terms.vm == request->vm);
	}
	return count;
}

static struct instance *make_instance(struct claims *claims, const struct request *request,
	const struct resource_group *group, struct device *device, int64_t now)
{
	struct instance *instance = instance_new();
	struct buffer form = {0};
	struct identity *identity;

	identity_fix(&claims->devices->inventory, device->now.facts, &form);
	identity = holding_identity(claims, buffer_string(&form));
	buffer_done(&form);
	holding_bind(device, identity);
	identity->instance = instance;
	instance->phase = INSTANCE_DECIDED;
	instance->number = claims->next_number++;
	instance->identity = identity;
	instance->device_id = text_ref(device->id);
	instance->group = text_ref(group->name);
	instance->kind = group->kind;
	instance->kinds = device->now.facts->kinds;
	instance->tenant = text_ref(request->tenant);
	instance->uid = request->peer->uid;
	instance->generation = identity->generation + 1;
	instance->terms.vm = text_ref(request->vm);
	instance->since = request_real_time(request, now);
	instance->terms.grant = hold_of_request(request, now);
	roster_add(claims, instance);
	life_note_tied(claims, instance);
	return instance;
}

static void grant(struct claims *claims, struct request *request,
	const struct resource_group *group, const struct vector *devices, int64_t now)
{
	struct operation *operation = operation_add(claims, OPERATION_GRANT, request, now);

	for (size_t i = 0; i < devices->count; i++)
		operation_add_instance(
			operation, make_instance(claims, request, group, devices->items[i], now));
}

static void refuse_busy(struct claims *claims, struct request *request, const struct device *device)
{
	const struct instance *instance = instance_of(device);
	struct text *reasons = device->now.reasons;

	request_set_busy(request, device->id, reasons);
	if (instance)
		answer_refuse(claims, request, ANSWER_BUSY,
			"device %s is instance i-%" PRId64 " of %s %s", device->id->bytes,
			instance->number, instance->tenant ? "tenant" : "VM",
			(instance->tenant ? instance->tenant : instance->terms.vm)->bytes);
	else if (device->now.state != STATE_AVAILABLE)
		answer_refuse(claims, request, ANSWER_BUSY, "device %s is %s%s%s",
			device->id->bytes, device_state_name(device->now.state),
			reasons ? ": " : "", reasons ? reasons->bytes : "");
	else
		answer_refuse(claims, request, ANSWER_BUSY,
			"device %s is not free: a function of its slot is not, or others wait for "
			"devices of its group",
			device->id->bytes);
}

/* What is asked for, where it is: any of the group, or the one device. */
struct wanted {
	const struct resource_group *group;
	struct device *device; /* NULL: any */
	struct text *owner;
	bool in_turn; /* nobody waits who came before */
};

/* Whether the owner may have `more` of the group; if not, the request was answered. */
static bool may_own(
	struct claims *claims, struct request *request, const struct wanted *wanted, int64_t more)
{
	const struct resource_group *group = wanted->group;
	int64_t most;

	if (!is_assigned(group, wanted->owner, &most))
		return answer_refuse(claims, request, ANSWER_NOT_PERMITTED,
			"group %s is not assigned to %s", group->name->bytes, wanted->owner->bytes);
	if (most >= 0 && held_by(claims, group, request) + more > most)
		return answer_refuse(claims, request, ANSWER_NO_DEVICE_AVAILABLE,
			"%s may hold %" PRId64 " devices of group %s at most", wanted->owner->bytes,
			most, group->name->bytes);
	return true;
}

static enum queue_result take_new(
	struct claims *claims, struct request *request, const struct wanted *wanted, int64_t now)
{
	struct pick pick = {
		wanted->group, wanted->owner, request->numa_node, (size_t)request_units(request)};
	struct vector devices = {0};
	enum queue_result result = QUEUE_SERVED;
	bool found;

	if (!may_own(claims, request, wanted, request_units(request)))
		return QUEUE_SERVED;
	if (wanted->device)
		found = !queue_has_earlier(claims, request) &&
			pick_unit(claims, wanted->group, wanted->device, &devices);
	else
		found = wanted->in_turn && pick_devices(claims, &pick, &devices);
	if (found && may_own(claims, request, wanted, (int64_t)devices.count))
		grant(claims, request, wanted->group, &devices, now);
	else if (!found && wanted->device)
		refuse_busy(claims, request, wanted->device);
	else if (!found)
		result = QUEUE_WAIT;
	vector_done(&devices);
	return result;
}

/* ---- a VM of a tenant takes what the tenant holds */

static bool is_for_use(
	const struct request *request, const struct wanted *wanted, const struct instance *instance)
{
	return instance_stands(instance) && instance->tenant == request->tenant &&
	       instance->group == wanted->group->name &&
	       (!wanted->device || instance->identity->device == wanted->device);
}

/* What the tenant holds of the group, as it counts for one who asks. */
struct holdings {
	struct vector
		unused;	  /* of struct instance, present, that no VM has; as many as asked for */
	int64_t changing; /* that no VM has either, but a decision about them is on its way */
	int64_t own;	  /* all that who asks may assign, used ones too */
	bool foreign;	  /* there are others */
};

static void find_unused(struct claims *claims, const struct request *request,
	const struct wanted *wanted, struct holdings *ret_holdings)
{
	const struct vector *instances = &claims->instances;

	for (size_t i = 0; i < instances->count; i++) {
		struct instance *instance = instances->items[i];

		if (!is_for_use(request, wanted, instance))
			continue;
		if (!request_may_change(request, claims->rights, instance)) {
			ret_holdings->foreign = true;
			continue;
		}
		ret_holdings->own++;
		if (instance->terms.vm || instance->terms.grant.over || !instance->identity->device)
			continue;
		if (instance->busy)
			ret_holdings->changing++;
		else if (queue_wants(claims, instance, request))
			continue;
		else if (ret_holdings->unused.count < (size_t)request_units(request))
			vector_add(&ret_holdings->unused, instance);
	}
}

static void assign_all(
	struct claims *claims, struct request *request, const struct vector *unused, int64_t now)
{
	struct operation *operation = operation_add(claims, OPERATION_CHANGE, request, now);

	for (size_t i = 0; i < unused->count; i++)
		operation_assign(operation, unused->items[i], now);
}

/* Whether a device is named that others wait for, who came before. */
static bool would_overtake(
	const struct claims *claims, const struct request *request, const struct wanted *wanted)
{
	const struct instance *instance = wanted->device ? instance_of(wanted->device) : NULL;

	return instance && queue_wants(claims, instance, request);
}

static enum queue_result take_use(
	struct claims *claims, struct request *request, const struct wanted *wanted, int64_t now)
{
	struct holdings holdings = {0};
	int64_t units = request_units(request);
	enum queue_result result = QUEUE_SERVED;

	find_unused(claims, request, wanted, &holdings);
	if (holdings.foreign && holdings.own < units)
		answer_refuse(claims, request, ANSWER_NOT_PERMITTED,
			"tenant %s got its devices of group %s from another user: only that one "
			"and admins may assign them",
			request->tenant->bytes, wanted->group->name->bytes);
	else if (!wanted->device && !wanted->in_turn)
		result = QUEUE_WAIT;
	else if (would_overtake(claims, request, wanted))
		refuse_busy(claims, request, wanted->device);
	else if ((int64_t)holdings.unused.count == units)
		assign_all(claims, request, &holdings.unused, now);
	else if (!request->wait_until &&
		 (int64_t)holdings.unused.count + holdings.changing >= units)
		operation_park(claims, request, now);
	else if (wanted->device)
		refuse_busy(claims, request, wanted->device);
	else
		result = QUEUE_WAIT;
	vector_done(&holdings.unused);
	return result;
}

/* ---- what is asked for */

static struct device *find_device(struct claims *claims, struct request *request)
{
	struct device *device = inventory_find(&claims->devices->inventory, request->device->bytes);

	if (device && device->now.facts)
		return device;
	answer_refuse(claims, request, ANSWER_NO_SUCH_DEVICE,
		"there is no device `%s`; ListDevices has them", request->device->bytes);
	return NULL;
}

/* The group that the device is in, which the request must not name another than. */
static bool take_group_of_device(
	struct claims *claims, struct request *request, const struct device *device)
{
	const struct text *group = device->now.group;

	if (group && (!request->group || request->group == group)) {
		text_replace(&request->group, text_ref(device->now.group));
		return true;
	}
	if (!group) {
		refuse_busy(claims, request, device);
		return false;
	}
	request->parameter = "group";
	return answer_refuse(claims, request, ANSWER_INVALID, "device %s is in group %s, not in %s",
		device->id->bytes, group->bytes, request->group->bytes);
}

/* False: the request was answered. */
static bool resolve(struct claims *claims, struct request *request, struct wanted *ret_wanted)
{
	struct wanted wanted = {0};

	if (claims->loss)
		return answer_refuse(claims, request, ANSWER_STORAGE_FAILED,
			"the database was damaged and begun anew, so instances may be unknown: "
			"`hostdevctl accept-loss` when no VM has a device");
	if (request->device) {
		wanted.device = find_device(claims, request);
		if (!wanted.device || !take_group_of_device(claims, request, wanted.device))
			return false;
	}
	wanted.group = ruleset_find_group(claims->devices->ruleset, request->group->bytes);
	if (!wanted.group)
		return answer_refuse(claims, request, ANSWER_NO_SUCH_GROUP,
			"there is no group `%s`; ListGroups names them", request->group->bytes);
	if (!request_is_use(request) &&
		!request_may_claim(request, claims->rights, wanted.group->name))
		return answer_refuse(claims, request, ANSWER_NOT_PERMITTED,
			"group %s does not allow user %lld to claim: its `allow` names who may",
			wanted.group->name->bytes, (long long)request->peer->uid);
	*ret_wanted = wanted;
	return true;
}

static bool is_overtaking(const struct claims *claims, const struct request *request)
{
	return request->group && !request->device && queue_has_earlier(claims, request);
}

/* What can be refused is refused now, also where others wait before it. */
static enum queue_result take(
	struct claims *claims, struct request *request, bool in_turn, int64_t now)
{
	struct wanted wanted;
	enum queue_result result;

	if (request->token && token_repeat(claims, request, now))
		return QUEUE_SERVED;
	if (!resolve(claims, request, &wanted))
		return QUEUE_SERVED;
	wanted.in_turn = in_turn;
	if (request_is_use(request))
		return take_use(claims, request, &wanted, now);
	wanted.owner = owner_name(claims, request->vm, request->tenant);
	result = take_new(claims, request, &wanted, now);
	text_unref(wanted.owner);
	return result;
}

/* Those who wait for the same tenant in other queues may have waited for who was served. */
static void note_served(struct claims *claims, const struct queue *queue)
{
	if (!queue->tenant)
		return;
	queue_note(claims, queue->group, queue->tenant);
	claims_due(claims, 0);
}

static void serve(struct claims *claims, struct queue *queue, int64_t now)
{
	queue->due = false;
	while (!list_is_empty(&queue->waiting)) {
		struct request *request = container_of(queue->waiting.next, struct request, link);
		struct list_link *second = request->link.next;

		list_remove(&request->link);
		if (take(claims, request, true, now) == QUEUE_SERVED) {
			note_served(claims, queue);
			continue;
		}
		list_append(second, &request->link); /* before the second: the head again */
		return;
	}
}

void take_serve_queues(struct claims *claims, int64_t now)
{
	list_for_each(at, &claims->queues) {
		struct queue *queue = container_of(at, struct queue, link);

		if (queue->due)
			serve(claims, queue, now);
		if (list_is_empty(&queue->waiting))
			queue_free(queue);
	}
}

void take_begin(struct claims *claims, struct request *request, int64_t now)
{
	if (request->wait_ms > 0 && !request->wait_until)
		request->wait_until = now + request->wait_ms * CLOCK_MILLISECOND;
	if (take(claims, request, !is_overtaking(claims, request), now) == QUEUE_SERVED)
		return;
	if (request->wait_until) {
		queue_enter(claims, request);
		return;
	}
	answer_refuse(claims, request, ANSWER_NO_DEVICE_AVAILABLE,
		"group %s has too few free devices for this claim (%" PRId64 " wanted)%s",
		request->group->bytes, request_units(request),
		is_overtaking(claims, request) ? "; others wait for them already" : "");
}
