/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A Claim, from what it asks to the instances it makes. Everything is looked up anew each time it
 * is tried: while it waited the rules, the owner's other instances and its rights may have changed.
 */
#include "base/clock.h"
#include "base/memory.h"
#include "core/claims_internal.h"
#include "core/holding.h"
#include "core/identity.h"

#include <fnmatch.h>
#include <inttypes.h>

/* Real time at `now`: the request may have waited long since it came. */
static int64_t real_time(const struct request *request, int64_t now)
{
	return request->real + now - request->came;
}

static struct hold hold_of(const struct request *request, int64_t now)
{
	struct hold hold = {.life = request->life, .count = request_units(request)};

	if (hold.life == LIFE_COUNT)
		hold.life = request->pid ? LIFE_PROCESS : LIFE_EXPLICIT;
	if (hold.life == LIFE_PROCESS)
		hold.process = request->process;
	if (hold.life == LIFE_CONNECTION) {
		hold.process = request->client_process;
		hold.connection = request->connection;
	}
	if (request->bind_ms) {
		hold.bind_until = now + request->bind_ms * CLOCK_MILLISECOND;
		hold.bind_by = real_time(request, hold.bind_until);
	}
	hold.token = text_ref(request->token);
	hold.token_uid = request->peer->uid;
	return hold;
}

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
	struct core *core, const struct resource_group *group, const struct request *request)
{
	const struct vector *instances = &core->claims.instances;
	int64_t count = 0;

	for (size_t i = 0; i < instances->count; i++) {
		const struct instance *instance = instances->items[i];

		count += !instance->released && instance->group == group->name &&
			 instance->tenant == request->tenant &&
			 (instance->tenant || instance->terms.vm == request->vm);
	}
	return count;
}

static struct instance *make_instance(struct core *core, const struct request *request,
	const struct resource_group *group, struct device *device, int64_t now)
{
	struct instance *instance = instance_new();
	struct buffer form = {0};
	struct identity *identity;

	identity_fix(&core->inventory, device->now.facts, &form);
	identity = holding_identity(core, buffer_string(&form));
	buffer_done(&form);
	holding_bind(device, identity);
	identity->instance = instance;
	instance->pending = true;
	instance->number = core->claims.next_number++;
	instance->identity = identity;
	instance->device_id = text_ref(device->id);
	instance->group = text_ref(group->name);
	instance->kind = group->kind;
	instance->kinds = device->now.facts->kinds;
	instance->tenant = text_ref(request->tenant);
	instance->uid = request->peer->uid;
	instance->generation = identity->generation + 1;
	instance->terms.vm = text_ref(request->vm);
	instance->since = real_time(request, now);
	instance->terms.grant = hold_of(request, now);
	vector_add(&core->claims.instances, instance);
	claims_note_tied(core, instance);
	return instance;
}

static void grant(struct core *core, struct request *request, const struct resource_group *group,
	const struct vector *devices, int64_t now)
{
	struct operation *operation = operation_add(core, OPERATION_GRANT, request, now);

	for (size_t i = 0; i < devices->count; i++)
		operation_add_instance(
			operation, make_instance(core, request, group, devices->items[i], now));
}

static void refuse_busy(struct core *core, struct request *request, const struct device *device)
{
	const struct instance *instance = holding_of(device);
	struct text *reasons = device->now.reasons;

	request_set_busy(request, device->id, reasons);
	if (instance)
		claims_refuse(core, request, ANSWER_BUSY,
			"device %s is instance i-%" PRId64 " of %s %s", device->id->bytes,
			instance->number, instance->tenant ? "tenant" : "VM",
			(instance->tenant ? instance->tenant : instance->terms.vm)->bytes);
	else if (device->now.state != STATE_AVAILABLE)
		claims_refuse(core, request, ANSWER_BUSY, "device %s is %s%s%s", device->id->bytes,
			device_state_name(device->now.state), reasons ? ": " : "",
			reasons ? reasons->bytes : "");
	else
		claims_refuse(core, request, ANSWER_BUSY,
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
	struct core *core, struct request *request, const struct wanted *wanted, int64_t more)
{
	const struct resource_group *group = wanted->group;
	int64_t most;

	if (!is_assigned(group, wanted->owner, &most)) {
		claims_refuse(core, request, ANSWER_NOT_PERMITTED, "group %s is not assigned to %s",
			group->name->bytes, wanted->owner->bytes);
		return false;
	}
	if (most >= 0 && held_by(core, group, request) + more > most) {
		claims_refuse(core, request, ANSWER_NO_DEVICE_AVAILABLE,
			"%s may hold %" PRId64 " devices of group %s at most", wanted->owner->bytes,
			most, group->name->bytes);
		return false;
	}
	return true;
}

static enum queue_result take_new(
	struct core *core, struct request *request, const struct wanted *wanted, int64_t now)
{
	struct pick pick = {
		wanted->group, wanted->owner, request->numa_node, (size_t)request_units(request)};
	struct vector devices = {0};
	enum queue_result result = QUEUE_SERVED;
	bool found;

	if (!may_own(core, request, wanted, request_units(request)))
		return QUEUE_SERVED;
	if (wanted->device)
		found = !queue_has_others(core, request) &&
			pick_unit(core, wanted->group, wanted->device, &devices);
	else
		found = wanted->in_turn && pick_devices(core, &pick, &devices);
	if (found && may_own(core, request, wanted, (int64_t)devices.count))
		grant(core, request, wanted->group, &devices, now);
	else if (!found && wanted->device)
		refuse_busy(core, request, wanted->device);
	else if (!found)
		result = QUEUE_WAIT;
	vector_done(&devices);
	return result;
}

/* ---- a VM of a tenant takes what the tenant holds */

static bool is_for_use(
	const struct request *request, const struct wanted *wanted, const struct instance *instance)
{
	return claims_stands(instance) && instance->tenant == request->tenant &&
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

static void find_unused(struct core *core, const struct request *request,
	const struct wanted *wanted, struct holdings *ret_holdings)
{
	const struct vector *instances = &core->claims.instances;

	for (size_t i = 0; i < instances->count; i++) {
		struct instance *instance = instances->items[i];

		if (!is_for_use(request, wanted, instance))
			continue;
		if (!claims_may_change(core, request, instance)) {
			ret_holdings->foreign = true;
			continue;
		}
		ret_holdings->own++;
		if (instance->terms.vm || instance->terms.grant.over || !instance->identity->device)
			continue;
		if (instance->busy)
			ret_holdings->changing++;
		else if (ret_holdings->unused.count < (size_t)request_units(request))
			vector_add(&ret_holdings->unused, instance);
	}
}

static void assign_all(
	struct core *core, struct request *request, const struct vector *unused, int64_t now)
{
	struct operation *operation = operation_add(core, OPERATION_CHANGE, request, now);

	for (size_t i = 0; i < unused->count; i++) {
		struct instance_terms *terms = operation_add_change(operation, unused->items[i]);

		text_replace(&terms->vm, text_ref(request->vm));
		terms->use = hold_of(request, now);
	}
}

/* Whether a device is named that others wait for, who came before. */
static bool would_overtake(const struct core *core, const struct wanted *wanted)
{
	const struct instance *instance = wanted->device ? holding_of(wanted->device) : NULL;

	return instance && queue_wants(core, instance);
}

static enum queue_result take_use(
	struct core *core, struct request *request, const struct wanted *wanted, int64_t now)
{
	struct holdings holdings = {0};
	int64_t units = request_units(request);
	enum queue_result result = QUEUE_SERVED;

	find_unused(core, request, wanted, &holdings);
	if (holdings.foreign && holdings.own < units)
		claims_refuse(core, request, ANSWER_NOT_PERMITTED,
			"tenant %s got its devices of group %s from another user: only that one "
			"and admins may assign them",
			request->tenant->bytes, wanted->group->name->bytes);
	else if (!wanted->device && !wanted->in_turn)
		result = QUEUE_WAIT;
	else if (would_overtake(core, wanted))
		refuse_busy(core, request, wanted->device);
	else if ((int64_t)holdings.unused.count == units)
		assign_all(core, request, &holdings.unused, now);
	else if (!request->wait_until &&
		 (int64_t)holdings.unused.count + holdings.changing >= units)
		operations_park(core, request, now);
	else if (wanted->device)
		refuse_busy(core, request, wanted->device);
	else
		result = QUEUE_WAIT;
	vector_done(&holdings.unused);
	return result;
}

/* ---- what is asked for */

static struct device *find_device(struct core *core, struct request *request)
{
	struct device *device = inventory_find(&core->inventory, request->device->bytes);

	if (device && device->now.facts)
		return device;
	claims_refuse(core, request, ANSWER_NO_SUCH_DEVICE,
		"there is no device `%s`; ListDevices has them", request->device->bytes);
	return NULL;
}

/* The group that the device is in, which the request must not name another than. */
static bool take_group_of_device(
	struct core *core, struct request *request, const struct device *device)
{
	const struct text *group = device->now.group;

	if (group && (!request->group || request->group == group)) {
		text_replace(&request->group, text_ref(device->now.group));
		return true;
	}
	if (!group) {
		refuse_busy(core, request, device);
	} else {
		request->parameter = "group";
		claims_refuse(core, request, ANSWER_INVALID, "device %s is in group %s, not in %s",
			device->id->bytes, group->bytes, request->group->bytes);
	}
	return false;
}

/* False: the request was answered. */
static bool resolve(struct core *core, struct request *request, struct wanted *ret_wanted)
{
	struct wanted wanted = {0};

	if (core->claims.loss) {
		claims_refuse(core, request, ANSWER_STORAGE_FAILED,
			"the database was damaged and begun anew, so instances may be unknown: "
			"`hostdevctl accept-loss` when no VM has a device");
		return false;
	}
	if (request->device) {
		wanted.device = find_device(core, request);
		if (!wanted.device || !take_group_of_device(core, request, wanted.device))
			return false;
	}
	wanted.group = ruleset_find_group(core->ruleset, request->group->bytes);
	if (!wanted.group) {
		claims_refuse(core, request, ANSWER_NO_SUCH_GROUP,
			"there is no group `%s`; ListGroups names them", request->group->bytes);
		return false;
	}
	if (!request_is_use(request) && !claims_may_claim(core, request, wanted.group)) {
		claims_refuse(core, request, ANSWER_NOT_PERMITTED,
			"group %s does not allow user %lld to claim: its `allow` names who may",
			wanted.group->name->bytes, (long long)request->peer->uid);
		return false;
	}
	*ret_wanted = wanted;
	return true;
}

static bool is_overtaking(const struct core *core, const struct request *request)
{
	return request->group && !request->device && queue_has_others(core, request);
}

/* What can be refused is refused now, also where others wait before it. */
static enum queue_result take(struct core *core, struct request *request, bool in_turn, int64_t now)
{
	struct wanted wanted;
	enum queue_result result;

	if (request->token && claim_repeat(core, request, now))
		return QUEUE_SERVED;
	if (!resolve(core, request, &wanted))
		return QUEUE_SERVED;
	wanted.in_turn = in_turn;
	if (request_is_use(request))
		return take_use(core, request, &wanted, now);
	wanted.owner = claims_owner(core, request->vm, request->tenant);
	result = take_new(core, request, &wanted, now);
	text_unref(wanted.owner);
	return result;
}

enum queue_result claim_take(struct core *core, struct request *request, int64_t now)
{
	return take(core, request, true, now);
}

void claim_begin(struct core *core, struct request *request, int64_t now)
{
	if (request->wait_ms > 0 && !request->wait_until)
		request->wait_until = now + request->wait_ms * CLOCK_MILLISECOND;
	if (take(core, request, !is_overtaking(core, request), now) == QUEUE_SERVED)
		return;
	if (request->wait_until) {
		queue_enter(core, request);
		return;
	}
	claims_refuse(core, request, ANSWER_NO_DEVICE_AVAILABLE,
		"group %s has too few free devices for this claim (%" PRId64 " wanted)%s",
		request->group->bytes, request_units(request),
		is_overtaking(core, request) ? "; others wait for them already" : "");
}
