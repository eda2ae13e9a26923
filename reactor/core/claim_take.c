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

/* Ends the request with an error. */
#define refuse(core, request, ...)                                                                 \
	(request_answer(request, __VA_ARGS__), claims_answer(core, request))

/* Whether it asks for what its tenant holds already: no new instance, an Assign. */
static bool is_use(const struct request *request)
{
	return request->vm && request->tenant;
}

static int64_t units_of(const struct request *request)
{
	return request->count ? request->count : 1;
}

static struct hold hold_of(const struct request *request)
{
	struct hold hold = {.life = request->life, .count = units_of(request)};

	if (hold.life == LIFE_COUNT)
		hold.life = request->pid ? LIFE_PROCESS : LIFE_EXPLICIT;
	if (hold.life == LIFE_PROCESS)
		hold.process = request->process;
	if (hold.life == LIFE_CONNECTION) {
		hold.process = request->client_process;
		hold.connection = request->connection;
	}
	hold.token = text_ref(request->token);
	return hold;
}

/* ---- the same token again */

static struct hold *token_hold(const struct request *request, struct instance *instance)
{
	struct hold *hold = is_use(request) ? &instance->terms.use : &instance->terms.grant;

	if (!request->token || instance->released || hold->token != request->token ||
		instance->uid != request->peer->uid)
		return NULL;
	return hold;
}

static bool asks_for_same(
	const struct request *request, const struct instance *instance, const struct hold *hold)
{
	return (!request->group || request->group == instance->group) &&
	       request->tenant == instance->tenant &&
	       (instance->tenant && !is_use(request) ? !request->vm
						     : request->vm == instance->terms.vm) &&
	       units_of(request) == hold->count;
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
		struct hold *hold = is_use(request) ? &terms->use : &terms->grant;

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

static bool knows_token(const struct core *core, const struct request *request)
{
	const struct vector *instances = &core->claims.instances;

	for (size_t i = 0; i < instances->count; i++)
		if (token_hold(request, instances->items[i]))
			return true;
	return false;
}

/*
 * Comes before everything else: what was claimed under the token is the caller's, even if its
 * device is not present now or would not be given again.
 *
 * True: the token was known, and the request was answered, decided or parked.
 */
static bool repeat(struct core *core, struct request *request, int64_t now)
{
	struct vector held = {0};
	bool busy = false;
	bool untied = false;
	bool same = find_by_token(core, request, &held, &busy, &untied);

	if (!same) {
		request->parameter = "token";
		refuse(core, request, ANSWER_INVALID,
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

static void make_instance(struct core *core, const struct request *request,
	const struct resource_group *group, struct device *device, struct operation *operation)
{
	struct instance *instance = memory_allocate(sizeof(*instance));
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
	instance->terms.grant = hold_of(request);
	vector_add(&core->claims.instances, instance);
	claims_note_tied(core, instance);
	operation_add_instance(operation, instance);
}

static void grant(struct core *core, struct request *request, const struct resource_group *group,
	const struct vector *devices, int64_t now)
{
	struct operation *operation = operation_add(core, OPERATION_GRANT, request, now);
	int64_t real = request->real + now - request->came; /* it may have waited long */

	for (size_t i = 0; i < devices->count; i++) {
		struct instance *instance;

		make_instance(core, request, group, devices->items[i], operation);
		instance = operation->instances.items[i];
		instance->since = real;
		if (request->bind_ms) {
			int64_t wait = request->bind_ms * CLOCK_MILLISECOND;

			instance->terms.bind_by = real + wait;
			instance->terms.bind_until = now + wait;
		}
	}
}

static void refuse_busy(struct core *core, struct request *request, const struct device *device)
{
	const struct instance *instance = holding_of(device);
	const struct text *reasons = device->now.reasons;

	request->busy_device = text_ref(device->id);
	request->busy_reasons = reasons ? text_ref(device->now.reasons) : text_new("[]", 2);
	if (instance)
		refuse(core, request, ANSWER_BUSY, "device %s is instance i-%" PRId64 " of %s %s",
			device->id->bytes, instance->number, instance->tenant ? "tenant" : "VM",
			(instance->tenant ? instance->tenant : instance->terms.vm)->bytes);
	else if (device->now.state != STATE_AVAILABLE)
		refuse(core, request, ANSWER_BUSY, "device %s is %s%s%s", device->id->bytes,
			device_state_name(device->now.state), reasons ? ": " : "",
			reasons ? reasons->bytes : "");
	else
		refuse(core, request, ANSWER_BUSY,
			"device %s is not free: a function of its slot is not, or others wait for "
			"devices of its group",
			device->id->bytes);
}

/* What is asked for, where it is: any of the group, or the one device. */
struct wanted {
	const struct resource_group *group;
	struct device *device; /* NULL: any */
	struct text *owner;
};

/* Whether the owner may have `more` of the group; if not, the request was answered. */
static bool may_own(
	struct core *core, struct request *request, const struct wanted *wanted, int64_t more)
{
	const struct resource_group *group = wanted->group;
	int64_t most;

	if (!is_assigned(group, wanted->owner, &most)) {
		refuse(core, request, ANSWER_NOT_PERMITTED, "group %s is not assigned to %s",
			group->name->bytes, wanted->owner->bytes);
		return false;
	}
	if (most >= 0 && held_by(core, group, request) + more > most) {
		refuse(core, request, ANSWER_NO_DEVICE_AVAILABLE,
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
		wanted->group, wanted->owner, request->numa_node, (size_t)units_of(request)};
	struct vector devices = {0};
	enum queue_result result = QUEUE_SERVED;
	bool found;

	if (!may_own(core, request, wanted, units_of(request)))
		return QUEUE_SERVED;
	if (wanted->device)
		found = !queue_find(core, wanted->group->name, NULL) &&
			pick_unit(core, wanted->group, wanted->device, &devices);
	else
		found = pick_devices(core, &pick, &devices);
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
	struct vector unused; /* of struct instance that no VM has, as many as asked for */
	int64_t changing;     /* that no VM has either, but a decision about them is on its way */
	int64_t own;	      /* all that who asks may assign, used ones too */
	bool foreign;	      /* there are others */
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
		if (instance->terms.vm || instance->terms.grant.over)
			continue;
		if (instance->busy)
			ret_holdings->changing++;
		else if (ret_holdings->unused.count < (size_t)units_of(request))
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
		terms->use = hold_of(request);
	}
}

static enum queue_result take_use(
	struct core *core, struct request *request, const struct wanted *wanted, int64_t now)
{
	struct holdings holdings = {0};
	int64_t units = units_of(request);
	enum queue_result result = QUEUE_SERVED;

	find_unused(core, request, wanted, &holdings);
	if (wanted->device && queue_find(core, wanted->group->name, request->tenant))
		refuse_busy(core, request, wanted->device);
	else if ((int64_t)holdings.unused.count == units)
		assign_all(core, request, &holdings.unused, now);
	else if (holdings.foreign && holdings.own < units)
		refuse(core, request, ANSWER_NOT_PERMITTED,
			"tenant %s got its devices of group %s from another user: only that one "
			"and admins may assign them",
			request->tenant->bytes, wanted->group->name->bytes);
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
	refuse(core, request, ANSWER_NO_SUCH_DEVICE,
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
		refuse(core, request, ANSWER_INVALID, "device %s is in group %s, not in %s",
			device->id->bytes, group->bytes, request->group->bytes);
	}
	return false;
}

/* False: the request was answered. */
static bool resolve(struct core *core, struct request *request, struct wanted *ret_wanted)
{
	struct wanted wanted = {0};

	if (core->claims.loss) {
		refuse(core, request, ANSWER_STORAGE_FAILED,
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
		refuse(core, request, ANSWER_NO_SUCH_GROUP,
			"there is no group `%s`; ListGroups names them", request->group->bytes);
		return false;
	}
	if (!is_use(request) && !claims_may_claim(core, request, wanted.group)) {
		refuse(core, request, ANSWER_NOT_PERMITTED,
			"group %s does not allow user %lld to claim: its `allow` names who may",
			wanted.group->name->bytes, (long long)request->peer->uid);
		return false;
	}
	*ret_wanted = wanted;
	return true;
}

enum queue_result claim_take(struct core *core, struct request *request, int64_t now)
{
	struct wanted wanted;
	enum queue_result result;

	if (request->token && repeat(core, request, now))
		return QUEUE_SERVED;
	if (!resolve(core, request, &wanted))
		return QUEUE_SERVED;
	if (is_use(request))
		return take_use(core, request, &wanted, now);
	wanted.owner = claims_owner(core, request->vm, request->tenant);
	result = take_new(core, request, &wanted, now);
	text_unref(wanted.owner);
	return result;
}

static bool is_overtaking(const struct core *core, const struct request *request)
{
	return request->group && !request->device &&
	       queue_find(core, request->group, is_use(request) ? request->tenant : NULL);
}

void claim_begin(struct core *core, struct request *request, int64_t now)
{
	bool known = request->token && knows_token(core, request);

	if (request->wait_ms > 0 && !request->wait_until)
		request->wait_until = now + request->wait_ms * CLOCK_MILLISECOND;
	if ((known || !is_overtaking(core, request)) &&
		claim_take(core, request, now) == QUEUE_SERVED)
		return;
	if (request->wait_until) {
		queue_enter(core, request, is_use(request) ? request->tenant : NULL);
		return;
	}
	refuse(core, request, ANSWER_NO_DEVICE_AVAILABLE,
		"group %s has no %" PRId64 " devices free for this claim%s", request->group->bytes,
		units_of(request),
		is_overtaking(core, request) ? "; others wait for them already" : "");
}
