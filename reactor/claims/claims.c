/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claims/claims.h"

#include "base/clock.h"
#include "claims/answer.h"
#include "claims/change.h"
#include "claims/ending.h"
#include "claims/hold.h"
#include "claims/holding.h"
#include "claims/life.h"
#include "claims/operation.h"
#include "claims/owner.h"
#include "claims/queue.h"
#include "claims/roster.h"
#include "claims/settle_instance.h"
#include "claims/take.h"

void claims_init(struct claims *claims, struct devices *devices)
{
	*claims = (struct claims){.devices = devices,
		.next_number = 1,
		.deadline = CLOCK_NEVER,
		.patience = CLOCK_NEVER};
	list_init(&claims->tied);
	list_init(&claims->over);
	list_init(&claims->moved);
	list_init(&claims->lost);
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

void claims_done(struct claims *claims)
{
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
		holding_free_identity(claims, identity);
	map_done(&claims->identities);
	map_done(&claims->owners);
	vector_done(&claims->instances);
	vector_done(&claims->touched);
}

static struct text *interned(struct claims *claims, const char *string)
{
	return string ? text_intern_string(claims->devices->pool, string) : NULL;
}

static struct instance *restore_instance(
	struct claims *claims, const struct instance_record *record, int64_t now, int64_t real)
{
	struct instance *instance = instance_new();
	struct instance_terms *terms = &instance->terms;

	instance->phase = INSTANCE_STANDING;
	instance->number = record->number;
	instance->identity = holding_identity(claims, record->identity);
	instance->device_id = interned(claims, record->device);
	instance->group = interned(claims, record->group);
	instance->kind = record->kind;
	instance->kinds = KIND_MASK(record->kind);
	instance->tenant = interned(claims, record->tenant);
	instance->uid = record->uid;
	instance->generation = record->generation;
	instance->since = record->since;
	terms->vm = interned(claims, record->vm);
	terms->grant =
		hold_of_record(&record->grant, now, real, record->grant.bind_by - record->since);
	terms->grant.token = interned(claims, record->grant.token);
	/* since when is not kept of a use */
	terms->use =
		hold_of_record(&record->use, now, real, REQUEST_LONGEST_MS * CLOCK_MILLISECOND);
	terms->use.token = interned(claims, record->use.token);
	instance->identity->instance = instance;
	roster_add(claims, instance);
	roster_touch(claims, instance);
	return instance;
}

void claims_restore(struct claims *claims, const struct stored *stored, int64_t now, int64_t real)
{
	claims->next_number = stored->next_number;
	claims->loss = stored->loss;
	claims->starting = true;
	claims->lives_changed = true;
	for (size_t i = 0; i < stored->identities.count; i++) {
		const struct identity_record *record = stored->identities.items[i];
		struct identity *identity = holding_identity(claims, record->identity);

		identity->generation = record->generation;
		owner_set(claims, identity, interned(claims, record->owner));
	}
	for (size_t i = 0; i < stored->instances.count; i++) {
		struct instance *instance =
			restore_instance(claims, stored->instances.items[i], now, real);

		if (hold_is_orphan(&instance->terms.grant))
			life_end_grant(claims, instance);
		if (hold_is_orphan(&instance->terms.use))
			life_end_use(claims, instance);
	}
}

void claims_start_missing(struct claims *claims, int64_t now)
{
	claims_follow(claims); /* what was seen until now is judged as at a start */
	claims->starting = false;
	claims->twins_due = true;
	for (size_t i = 0; i < claims->instances.count; i++) {
		struct instance *instance = claims->instances.items[i];

		if (!instance->identity->device)
			life_await_device(claims, instance, now);
	}
	claims_due(claims, now);
}

void claims_follow(struct claims *claims)
{
	struct vector *shown = &claims->devices->shown;

	holding_follow(claims);
	devices_show(claims->devices);
	for (size_t i = 0; i < shown->count && !list_is_empty(&claims->queues); i++)
		queue_note_device(claims, shown->items[i]);
	shown->count = 0;
}

void claims_follow_rules(struct claims *claims)
{
	roster_touch_all(claims);
	queue_note_all(claims);
	claims_due(claims, 0); /* a group may wait for missing devices no longer */
}

void claims_request(struct claims *claims, struct request *request, int64_t now)
{
	if (!request->came) {
		request->came = now;
		request->place = ++claims->requests;
	}
	switch (request->type) {
	case REQUEST_CLAIM:
		take_begin(claims, request, now);
		break;
	case REQUEST_ACCEPT_LOSS:
		if (claims->loss)
			operation_add(claims, OPERATION_ACCEPT_LOSS, request, now);
		else
			answer_done(claims, request, &(struct vector){0});
		break;
	case REQUEST_ASSIGN:
	case REQUEST_UNASSIGN:
	case REQUEST_BIND:
	case REQUEST_RELEASE:
		change_decide(claims, request, now);
		break;
	}
}

static void expire(struct claims *claims, int64_t now)
{
	const struct vector *instances = &claims->instances;

	if (now < claims->deadline)
		return;
	claims->deadline = CLOCK_NEVER;
	for (size_t i = 0; i < instances->count; i++)
		life_expire(claims, instances->items[i], now);
	queue_expire(claims, now);
	operation_expire(claims, now);
}

/* Instances that lost their device since the last turn: the wait for its return begins. */
static void note_lost(struct claims *claims, int64_t now)
{
	list_for_each(at, &claims->lost) {
		struct instance *instance = container_of(at, struct instance, lost);

		list_remove(at);
		if (!instance->identity->device)
			life_await_device(claims, instance, now);
	}
}

static void retry_parked(struct claims *claims, int64_t now)
{
	struct list_link *last = claims->parked.previous;
	struct list_link *at = &claims->parked;

	if (!claims->returned)
		return;
	claims->returned = false;
	while (at != last) { /* those that are parked again wait for the next turn */
		at = claims->parked.next;
		list_remove(at);
		claims_request(claims, container_of(at, struct request, link), now);
	}
}

void claims_turn(struct claims *claims, int64_t now)
{
	note_lost(claims, now);
	retry_parked(claims, now);
	expire(claims, now);
	ending_decide(claims, now);
	take_serve_queues(claims, now);
}

int64_t claims_deadline(const struct claims *claims)
{
	bool lost = !list_is_empty(&claims->lost);

	if (lost || (claims->returned && !list_is_empty(&claims->parked)))
		return 0;
	return claims->deadline;
}

void claims_settle(struct claims *claims, struct delta *ret_delta)
{
	claims_follow(claims);
	devices_settle(claims->devices, ret_delta);
	settle_instances(claims, ret_delta);
	devices_settle_marks(claims->devices, ret_delta);
}
