/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/claims.h"

#include "base/clock.h"
#include "base/memory.h"
#include "core/claims_internal.h"
#include "core/holding.h"

#include <string.h>

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

bool claims_refuse(
	struct core *core, struct request *request, enum answer answer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	request_answer_list(request, answer, format, arguments);
	va_end(arguments);
	claims_answer(core, request);
	return false;
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

static void purge(struct vector *vector, const struct instance *instance)
{
	for (size_t i = 0; i < vector->count; i++)
		if (vector->items[i] == instance)
			vector->items[i--] = vector->items[--vector->count];
}

void claims_drop(struct core *core, struct instance *instance)
{
	size_t at = locate(&core->claims, instance->number);

	purge(&core->claims.tied, instance);
	purge(&core->claims.over, instance);
	purge(&core->claims.moved, instance);
	purge(&core->claims.lost, instance);
	vector_remove(&core->claims.instances, at);
	claims_drop_group(core, instance->group);
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

struct instant {
	int64_t now;  /* monotonic */
	int64_t real; /* the same */
};

/*
 * `longest`: how long it was to be waited at most for a process to be bound. It is not waited for
 * longer from now on either, if the clock was set back while nobody looked.
 */
static struct hold hold_of(
	struct core *core, const struct hold_record *record, struct instant at, int64_t longest)
{
	int64_t left = record->bind_by - at.real;

	return (struct hold){.life = record->life,
		.process = record->process,
		.token = interned(core, record->token),
		.token_uid = record->token_uid,
		.count = record->count,
		.bind_by = record->bind_by,
		.bind_until = at.now + (left < longest ? left : longest)};
}

static struct instance *restore_instance(
	struct core *core, const struct instance_record *record, struct instant at)
{
	struct instance *instance = instance_new();

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
	instance->terms.grant =
		hold_of(core, &record->grant, at, record->grant.bind_by - record->since);
	/* since when is not kept of a use */
	instance->terms.use =
		hold_of(core, &record->use, at, REQUEST_LONGEST_MS * CLOCK_MILLISECOND);
	instance->identity->instance = instance;
	vector_insert(&core->claims.instances, locate(&core->claims, record->number), instance);
	claims_touch(core, instance);
	return instance;
}

static bool is_orphan(const struct hold *hold)
{
	return hold->life == LIFE_CONNECTION && !hold->process.pid;
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
		struct instance *instance = restore_instance(
			core, stored->instances.items[i], (struct instant){now, real});

		/* its connection is gone, and whose it was nobody can tell */
		if (is_orphan(&instance->terms.grant))
			claims_end_grant(core, instance);
		if (is_orphan(&instance->terms.use))
			claims_end_use(core, instance);
	}
}

void claims_start_missing(struct core *core, int64_t now)
{
	core->claims.starting = false;
	core->claims.twins_due = true;
	for (size_t i = 0; i < core->claims.instances.count; i++) {
		struct instance *instance = core->claims.instances.items[i];

		if (!instance->identity->device)
			claims_await_device(core, instance, now);
	}
	claims_due(core, now);
}

/* When the hold ends unless it is bound; CLOCK_NEVER. */
static int64_t bind_deadline(const struct hold *hold)
{
	return hold->bind_by && !hold->over ? hold->bind_until : CLOCK_NEVER;
}

/* When the grant ends without anybody asking for it; CLOCK_NEVER. */
static int64_t grant_deadline(const struct core *core, const struct instance *instance)
{
	const struct resource_group *group =
		ruleset_find_group(core->ruleset, instance->group->bytes);
	int64_t deadline = CLOCK_NEVER;

	if (!claims_stands(instance) || instance->terms.grant.over)
		return CLOCK_NEVER;
	if (group && group->return_grace >= 0 && instance->missing_since != CLOCK_NEVER)
		deadline = instance->missing_since + group->return_grace * CLOCK_SECOND;
	if (bind_deadline(&instance->terms.grant) < deadline)
		deadline = bind_deadline(&instance->terms.grant);
	return deadline;
}

int64_t claims_instance_deadline(const struct core *core, const struct instance *instance)
{
	int64_t grant = grant_deadline(core, instance);
	int64_t use = bind_deadline(&instance->terms.use);

	return grant < use ? grant : use;
}

void claims_await_device(struct core *core, struct instance *instance, int64_t since)
{
	instance->missing_since = since;
	claims_due(core, claims_instance_deadline(core, instance));
}

static void expire_instance(struct core *core, struct instance *instance, int64_t now)
{
	int64_t grant = grant_deadline(core, instance);
	int64_t use = bind_deadline(&instance->terms.use);

	if (grant <= now)
		claims_end_grant(core, instance);
	else
		claims_due(core, grant);
	if (use <= now)
		claims_end_use(core, instance);
	else
		claims_due(core, use);
}

static void expire(struct core *core, int64_t now)
{
	const struct vector *instances = &core->claims.instances;

	if (now < core->claims.deadline)
		return;
	core->claims.deadline = CLOCK_NEVER;
	for (size_t i = 0; i < instances->count; i++)
		expire_instance(core, instances->items[i], now);
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
			claims_await_device(core, instance, now);
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
	lives_end(core, now);
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
