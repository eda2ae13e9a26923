/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/claims.h"

#include "base/clock.h"
#include "base/memory.h"
#include "core/claims_internal.h"
#include "core/holding.h"

#include <string.h>

/* What could not be written is tried again after so long. */
#define RETRY CLOCK_SECOND

void claims_init(struct claims *claims)
{
	*claims =
		(struct claims){.next_number = 1, .deadline = CLOCK_NEVER, .patience = CLOCK_NEVER};
	list_init(&claims->queues);
	list_init(&claims->parked);
	list_init(&claims->answered);
}

static void free_requests(struct list_link *requests)
{
	list_for_each(at, requests)
		request_free(container_of(at, struct request, link));
}

static void free_operations(struct vector *operations)
{
	for (size_t i = 0; i < operations->count; i++) {
		struct operation *operation = operations->items[i];

		request_free(operation->request);
		operation_free(operation);
	}
	vector_done(operations);
}

void claims_done(struct core *core)
{
	struct claims *claims = &core->claims;
	struct identity *identity;
	size_t cursor = 0;

	free_operations(&claims->deciding);
	free_operations(&claims->writing);
	list_for_each(at, &claims->queues)
		queue_free(container_of(at, struct queue, link));
	free_requests(&claims->parked);
	free_requests(&claims->answered);
	for (size_t i = 0; i < claims->instances.count; i++)
		instance_free(claims->instances.items[i]);
	while ((identity = map_next(&claims->identities, &cursor)))
		holding_free_identity(core, identity);
	map_done(&claims->identities);
	map_done(&claims->owners);
	vector_done(&claims->instances);
	vector_done(&claims->tied);
	vector_done(&claims->touched);
	vector_done(&claims->over);
	vector_done(&claims->moved);
	vector_done(&claims->lost);
}

void claims_touch(struct core *core, struct instance *instance)
{
	if (instance->touched)
		return;
	instance->touched = true;
	vector_add(&core->claims.touched, instance);
}

void claims_touch_all(struct core *core)
{
	for (size_t i = 0; i < core->claims.instances.count; i++)
		claims_touch(core, core->claims.instances.items[i]);
}

void claims_due(struct core *core, int64_t when)
{
	if (when < core->claims.deadline)
		core->claims.deadline = when;
}

void claims_answer(struct core *core, struct request *request)
{
	list_append(&core->claims.answered, &request->link);
}

struct request *claims_take_answer(struct core *core)
{
	struct request *request;

	if (list_is_empty(&core->claims.answered))
		return NULL;
	request = container_of(core->claims.answered.next, struct request, link);
	list_remove(&request->link);
	return request;
}

bool claims_stands(const struct instance *instance)
{
	return !instance->pending && !instance->released;
}

/* Where the instance of this number stands, or would. */
static size_t locate(const struct claims *claims, int64_t number)
{
	size_t low = 0;
	size_t high = claims->instances.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct instance *instance = claims->instances.items[middle];

		if (instance->number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct instance *claims_find(const struct core *core, int64_t number)
{
	const struct claims *claims = &core->claims;
	size_t at = locate(claims, number);
	struct instance *instance =
		at < claims->instances.count ? claims->instances.items[at] : NULL;

	return instance && instance->number == number ? instance : NULL;
}

/* Takes the vector entry `at` out, in no order. */
static void forget(struct vector *vector, size_t at)
{
	vector->items[at] = vector->items[--vector->count];
}

static void purge(struct vector *vector, const struct instance *instance)
{
	for (size_t i = 0; i < vector->count; i++)
		if (vector->items[i] == instance)
			forget(vector, i--);
}

void claims_drop(struct core *core, struct instance *instance)
{
	size_t at = locate(&core->claims, instance->number);

	purge(&core->claims.tied, instance);
	purge(&core->claims.over, instance);
	purge(&core->claims.moved, instance);
	purge(&core->claims.lost, instance);
	vector_remove(&core->claims.instances, at);
	instance_free(instance);
}

struct text *claims_owner(struct core *core, const struct text *vm, const struct text *tenant)
{
	struct buffer owner = {0};
	struct text *text;

	if (tenant)
		buffer_format(&owner, "tenant:%s", tenant->bytes);
	else
		buffer_format(&owner, "vm:%s", vm->bytes);
	text = text_intern(core->pool, owner.bytes, owner.length);
	buffer_done(&owner);
	return text;
}

bool claims_may_claim(
	const struct core *core, const struct request *request, const struct resource_group *group)
{
	return rights_permit(core->rights, request->peer, RIGHT_CLAIM,
		&(struct right_subject){.group = group->name});
}

bool claims_may_change(
	const struct core *core, const struct request *request, const struct instance *instance)
{
	return rights_permit(core->rights, request->peer, RIGHT_INSTANCE,
		&(struct right_subject){.uid = instance->uid});
}

static struct text *interned(struct core *core, const char *string)
{
	return string ? text_intern_string(core->pool, string) : NULL;
}

static struct hold hold_of(struct core *core, const struct hold_record *record)
{
	return (struct hold){.life = record->life,
		.process = record->process,
		.token = interned(core, record->token),
		.count = record->count};
}

static struct instance *restore_instance(struct core *core, const struct instance_record *record)
{
	struct instance *instance = memory_allocate(sizeof(*instance));

	instance->number = record->number;
	instance->identity = holding_identity(core, record->identity);
	instance->device_id = interned(core, record->device);
	instance->group = interned(core, record->group);
	instance->kind = record->kind;
	instance->kinds = KIND_MASK(record->kind);
	instance->tenant = interned(core, record->tenant);
	instance->uid = record->uid;
	instance->generation = record->generation;
	instance->since = record->since;
	instance->terms.vm = interned(core, record->vm);
	instance->terms.bind_by = record->bind_by;
	instance->terms.grant = hold_of(core, &record->grant);
	instance->terms.use = hold_of(core, &record->use);
	instance->identity->instance = instance;
	vector_insert(&core->claims.instances, locate(&core->claims, record->number), instance);
	claims_touch(core, instance);
	return instance;
}

void claims_restore(struct core *core, const struct stored *stored, int64_t now, int64_t real)
{
	struct claims *claims = &core->claims;

	claims->next_number = stored->next_number;
	claims->loss = stored->loss;
	claims->starting = true;
	claims->lives_changed = true;
	for (size_t i = 0; i < stored->identities.count; i++) {
		const struct identity_record *record = stored->identities.items[i];
		struct identity *identity = holding_identity(core, record->identity);

		identity->generation = record->generation;
		holding_set_owner(core, identity, interned(core, record->owner));
	}
	for (size_t i = 0; i < stored->instances.count; i++) {
		struct instance *instance = restore_instance(core, stored->instances.items[i]);

		if (instance->terms.bind_by)
			instance->terms.bind_until = now + instance->terms.bind_by - real;
	}
}

void claims_start_missing(struct core *core, int64_t now)
{
	core->claims.starting = false;
	core->claims.twins_due = true;
	for (size_t i = 0; i < core->claims.instances.count; i++) {
		struct instance *instance = core->claims.instances.items[i];

		if (!instance->identity->device)
			instance->missing_since = now;
	}
	claims_due(core, now);
}

static void add_once(struct vector *vector, struct instance *instance)
{
	for (size_t i = 0; i < vector->count; i++)
		if (vector->items[i] == instance)
			return;
	vector_add(vector, instance);
}

void claims_note_over(struct core *core, struct instance *instance)
{
	if (!instance->released)
		add_once(&core->claims.over, instance);
}

void claims_note_moved(struct core *core, struct instance *instance)
{
	add_once(&core->claims.moved, instance);
}

void claims_note_tied(struct core *core, struct instance *instance)
{
	const struct instance_terms *terms = &instance->terms;

	if (terms->grant.life == LIFE_CONNECTION || terms->use.life == LIFE_CONNECTION)
		add_once(&core->claims.tied, instance);
}

void claims_note_lives(struct core *core, const struct instance *instance)
{
	if (instance->terms.grant.process.pid || instance->terms.use.process.pid)
		core->claims.lives_changed = true;
}

void claims_end_grant(struct core *core, struct instance *instance)
{
	instance->terms.grant.over = true;
	claims_note_over(core, instance);
}

void claims_end_use(struct core *core, struct instance *instance)
{
	instance->terms.use.over = true;
	claims_note_over(core, instance);
}

/* `instances`: those that it can be the end of. */
static void end_lives(
	struct core *core, const struct vector *instances, hold_ends *ends, const void *what)
{
	operations_end_lives(core, ends, what);
	for (size_t i = 0; i < instances->count; i++) {
		struct instance *instance = instances->items[i];

		if (ends(&instance->terms.grant, what))
			claims_end_grant(core, instance);
		if (ends(&instance->terms.use, what))
			claims_end_use(core, instance);
	}
}

static bool is_tied_to(const struct hold *hold, const void *connection)
{
	return hold->life == LIFE_CONNECTION && hold->connection == *(const uint64_t *)connection;
}

void claims_close_connection(struct core *core, uint64_t connection)
{
	queues_leave(core, connection);
	operations_abandon(core, connection);
	end_lives(core, &core->claims.tied, is_tied_to, &connection);
}

static bool lives_by(const struct hold *hold, const void *process)
{
	return hold->life != LIFE_EXPLICIT && process_equal(&hold->process, process);
}

void claims_end_process(struct core *core, const struct process *process)
{
	end_lives(core, &core->claims.instances, lives_by, process);
}

static void add_process(const struct hold *hold, struct process *processes, size_t *count)
{
	if (hold->life != LIFE_EXPLICIT && hold->process.pid)
		processes[(*count)++] = hold->process;
}

bool claims_processes(struct core *core, struct process **ret_processes, size_t *ret_count)
{
	const struct vector *instances = &core->claims.instances;

	if (!core->claims.lives_changed)
		return false;
	core->claims.lives_changed = false;
	*ret_processes = memory_allocate((2 * instances->count + 1) * sizeof(**ret_processes));
	*ret_count = 0;
	for (size_t i = 0; i < instances->count; i++) {
		const struct instance *instance = instances->items[i];

		if (!claims_stands(instance))
			continue;
		add_process(&instance->terms.grant, *ret_processes, ret_count);
		add_process(&instance->terms.use, *ret_processes, ret_count);
	}
	return true;
}

/* Makes operations for lives that ended. */
static void end_what_is_over(struct core *core, int64_t now)
{
	struct vector *over = &core->claims.over;

	for (size_t i = 0; i < over->count;) {
		struct instance *instance = over->items[i];

		if (instance->released ||
			(!instance->terms.grant.over && !instance->terms.use.over)) {
			forget(over, i);
			continue;
		}
		i++;
		if (instance->busy)
			continue;
		if (instance->terms.grant.over)
			operation_add_instance(
				operation_add(core, OPERATION_RELEASE, NULL, now), instance);
		else
			operation_add_unassign(core, NULL, instance, now);
	}
}

/* Has rows say where the devices are now; also tells equal devices apart after a restart. */
static void write_moved(struct core *core, int64_t now)
{
	struct vector *moved = &core->claims.moved;

	for (size_t i = 0; i < moved->count;) {
		struct instance *instance = moved->items[i];

		if (instance->busy) {
			i++;
			continue;
		}
		forget(moved, i);
		if (!instance->released)
			operation_add_change(
				operation_add(core, OPERATION_CHANGE, NULL, now), instance);
	}
}

static void decide_by_itself(struct core *core, int64_t now)
{
	struct claims *claims = &core->claims;

	if (claims->over.count == 0 && claims->moved.count == 0)
		return;
	if (now < claims->retry) {
		claims_due(core, claims->retry);
		return;
	}
	end_what_is_over(core, now);
	write_moved(core, now);
}

int64_t claims_instance_deadline(const struct core *core, const struct instance *instance)
{
	const struct resource_group *group =
		ruleset_find_group(core->ruleset, instance->group->bytes);
	int64_t deadline = CLOCK_NEVER;

	if (!claims_stands(instance) || instance->terms.grant.over)
		return CLOCK_NEVER;
	if (!instance->identity->device && group && group->return_grace >= 0 &&
		instance->missing_since != CLOCK_NEVER)
		deadline = instance->missing_since + group->return_grace * CLOCK_SECOND;
	if (instance->terms.bind_by && instance->terms.bind_until < deadline)
		deadline = instance->terms.bind_until;
	return deadline;
}

static void expire(struct core *core, int64_t now)
{
	const struct vector *instances = &core->claims.instances;

	if (now < core->claims.deadline)
		return;
	core->claims.deadline = CLOCK_NEVER;
	for (size_t i = 0; i < instances->count; i++) {
		int64_t deadline = claims_instance_deadline(core, instances->items[i]);

		if (deadline <= now)
			claims_end_grant(core, instances->items[i]);
		else
			claims_due(core, deadline);
	}
	queues_expire(core, now);
	operations_expire(core, now);
}

/* Instances that lost their device since the last turn: the wait for its return begins. */
static void note_lost(struct core *core, int64_t now)
{
	struct vector *lost = &core->claims.lost;

	for (size_t i = 0; i < lost->count; i++) {
		struct instance *instance = lost->items[i];

		if (!instance->identity->device)
			instance->missing_since = now;
		claims_due(core, claims_instance_deadline(core, instance));
	}
	lost->count = 0;
}

static void request_again(struct core *core, struct request *request, int64_t now)
{
	list_remove(&request->link);
	claims_request(core, request, now);
}

static void retry_parked(struct core *core, int64_t now)
{
	struct list_link *last = core->claims.parked.previous;
	struct list_link *at = &core->claims.parked;

	if (!core->claims.returned)
		return;
	core->claims.returned = false;
	while (at != last) { /* those that are parked again wait for the next turn */
		at = core->claims.parked.next;
		request_again(core, container_of(at, struct request, link), now);
	}
}

void claims_turn(struct core *core, int64_t now)
{
	note_lost(core, now);
	holding_retry_twins(core);
	retry_parked(core, now);
	expire(core, now);
	decide_by_itself(core, now);
	queues_serve(core, now);
}

int64_t claims_deadline(const struct core *core)
{
	const struct claims *claims = &core->claims;

	if (claims->lost.count > 0 || (claims->returned && !list_is_empty(&claims->parked)))
		return 0;
	return claims->deadline;
}

size_t claims_count(const struct core *core)
{
	size_t count = 0;

	for (size_t i = 0; i < core->claims.instances.count; i++)
		count += claims_stands(core->claims.instances.items[i]);
	return count;
}

/* The first instances of the group by name, for a message. */
static void name_instances(const struct core *core, const struct text *group, struct buffer *names)
{
	const struct vector *instances = &core->claims.instances;
	unsigned named = 0;

	for (size_t i = 0; i < instances->count; i++) {
		const struct instance *instance = instances->items[i];
		char id[INSTANCE_ID_SIZE];

		if (instance->released || instance->group != group)
			continue;
		if (++named > 8) {
			buffer_add_string(names, ", ...");
			return;
		}
		instance_format_id(instance->number, id);
		buffer_format(names, "%s%s", named > 1 ? ", " : "", id);
	}
}

/* Whether the instance is the first of its group, so that each group is looked at once. */
static bool is_first(const struct core *core, size_t at)
{
	const struct vector *instances = &core->claims.instances;
	const struct instance *instance = instances->items[at];

	for (size_t i = 0; i < at; i++) {
		const struct instance *other = instances->items[i];

		if (!other->released && other->group == instance->group)
			return false;
	}
	return !instance->released;
}

void claims_check_rules(
	const struct core *core, const struct ruleset *ruleset, struct rule_errors *errors)
{
	for (size_t i = 0; i < core->claims.instances.count; i++) {
		const struct instance *instance = core->claims.instances.items[i];
		const struct resource_group *group =
			ruleset_find_group(ruleset, instance->group->bytes);
		struct buffer names = {0};

		if ((group && group->kind == instance->kind) || !is_first(core, i))
			continue;
		name_instances(core, instance->group, &names);
		rule_errors_add(errors, group ? group->file->bytes : "rules",
			group ? group->line : 0, "release them first, or leave the group as it is",
			"group %s has instances (%s), so it cannot %s", instance->group->bytes,
			buffer_string(&names), group ? "become one of another kind" : "go");
		buffer_done(&names);
	}
}

void claims_keep_groups(struct core *core)
{
	for (size_t i = 0; i < core->claims.instances.count; i++) {
		const struct instance *instance = core->claims.instances.items[i];

		if (!ruleset_find_group(core->ruleset, instance->group->bytes))
			ruleset_keep_group(core->ruleset, instance->group, instance->kind);
	}
}
