/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claims/operation.h"

#include "base/clock.h"
#include "base/memory.h"
#include "claims/answer.h"
#include "claims/hold.h"
#include "claims/holding.h"
#include "claims/life.h"
#include "claims/owner.h"
#include "claims/queue.h"
#include "claims/roster.h"

#include <string.h>

#define RETRY CLOCK_SECOND

/* When what has waited for the disk since `since` is answered all the same; CLOCK_NEVER. */
static int64_t late_from(const struct claims *claims, int64_t since)
{
	return claims->patience == CLOCK_NEVER ? CLOCK_NEVER : since + claims->patience;
}

struct operation *operation_add(
	struct claims *claims, enum operation_type type, struct request *request, int64_t now)
{
	struct operation *operation = memory_allocate(sizeof(*operation));

	operation->type = type;
	operation->essential = type == OPERATION_RELEASE;
	operation->request = request;
	operation->since = now;
	vector_add(&claims->deciding, operation);
	if (request)
		claims_due(claims, late_from(claims, now));
	return operation;
}

void operation_add_instance(struct operation *operation, struct instance *instance)
{
	instance->busy = true;
	vector_add(&operation->instances, instance);
}

struct instance_terms *operation_add_change(struct operation *operation, struct instance *instance)
{
	struct instance_terms *terms = memory_allocate(sizeof(*terms));

	instance_terms_copy(terms, &instance->terms);
	vector_add(&operation->terms, terms);
	operation_add_instance(operation, instance);
	return terms;
}

void operation_assign(struct operation *operation, struct instance *instance, int64_t now)
{
	const struct request *request = operation->request;
	struct instance_terms *terms = operation_add_change(operation, instance);

	text_replace(&terms->vm, text_ref(request->vm));
	hold_replace(&terms->use, hold_of_request(request, now));
}

void operation_unassign(struct operation *operation, struct instance *instance)
{
	struct instance_terms *terms = operation_add_change(operation, instance);

	operation->essential = true;
	text_replace(&terms->vm, NULL);
	hold_replace(&terms->use, (struct hold){0});
}

struct operation *operation_free(struct operation *operation)
{
	if (!operation)
		return NULL;
	for (size_t i = 0; i < operation->terms.count; i++) {
		instance_terms_done(operation->terms.items[i]);
		free(operation->terms.items[i]);
	}
	vector_done(&operation->terms);
	vector_done(&operation->instances);
	free(operation);
	return NULL;
}

void operation_park(struct claims *claims, struct request *request, int64_t now)
{
	if (!request->parked)
		request->parked = now;
	list_append(&claims->parked, &request->link);
	claims_due(claims, late_from(claims, request->parked));
}

static void write_instance(struct batch *batch, const struct operation *operation, size_t at)
{
	struct instance *instance = operation->instances.items[at];
	struct write *write =
		batch_add(batch, operation->type == OPERATION_RELEASE ? WRITE_DELETE : WRITE_PUT);
	struct instance_terms before = instance->terms;

	write->essential = operation->essential;
	write->number = instance->number;
	if (write->type == WRITE_DELETE)
		return;
	if (operation->type == OPERATION_CHANGE)
		instance->terms = *(struct instance_terms *)operation->terms.items[at];
	write->record = instance_record_new(instance);
	instance->terms = before;
}

struct batch *operation_take_batch(struct claims *claims)
{
	struct batch *batch;

	if (claims->deciding.count == 0 || claims->batch_taken)
		return NULL;
	claims->batch_taken = true;
	claims->writing = claims->deciding;
	claims->deciding = (struct vector){0};
	batch = batch_new();
	for (size_t i = 0; i < claims->writing.count; i++) {
		const struct operation *operation = claims->writing.items[i];

		if (operation->type == OPERATION_ACCEPT_LOSS)
			batch_add(batch, WRITE_ACCEPT_LOSS);
		for (size_t k = 0; k < operation->instances.count; k++)
			write_instance(batch, operation, k);
	}
	return batch;
}

/* The answer of an operation that was committed. */
static void answer_committed(struct claims *claims, struct operation *operation)
{
	struct request *request = operation->request;

	if (!request)
		return;
	operation->request = NULL;
	if (request->type != REQUEST_RELEASE) {
		answer_done(claims, request, &operation->instances);
		return;
	}
	for (size_t i = 0; i < operation->instances.count; i++) {
		const struct instance *instance = operation->instances.items[i];
		char id[INSTANCE_ID_SIZE];

		instance_format_id(instance->number, id);
		vector_add(&request->released, text_new(id, strlen(id)));
	}
	answer_done(claims, request, &(struct vector){0});
}

static void answer_failed(struct claims *claims, struct operation *operation, const char *why)
{
	struct request *request = operation->request;

	if (!request)
		return;
	operation->request = NULL;
	answer_refuse(claims, request, ANSWER_STORAGE_FAILED,
		"the state folder cannot be written (%s), so nothing was changed: see the "
		"daemon's log and its disk",
		why);
}

static void apply_grant(struct claims *claims, struct instance *instance, bool wanted)
{
	struct identity *identity = instance->identity;

	instance->phase = INSTANCE_STANDING;
	identity->generation = instance->generation;
	owner_set(claims, identity, owner_name(claims, instance->terms.vm, instance->tenant));
	holding_mark_twins(claims, instance);
	if (!wanted)
		life_end_grant(claims, instance);
	if (instance->tenant)
		queue_note(claims, instance->group, instance->tenant);
}

static void apply_change(
	struct claims *claims, struct instance *instance, const struct instance_terms *terms)
{
	instance_terms_copy(&instance->terms, terms);
	life_note_tied(claims, instance);
	if (terms->grant.over || terms->use.over)
		life_note_over(claims, instance);
}

/* The device is free from here on; the instance goes when subscribers were told. */
static void apply_release(struct claims *claims, struct instance *instance)
{
	instance->phase = INSTANCE_RELEASED;
	holding_let_go(claims, instance);
	queue_note(claims, instance->group, NULL);
	queue_note(claims, instance->group, instance->tenant);
}

static void apply(struct claims *claims, struct operation *operation)
{
	bool wanted = operation->request; /* else it was answered already: not granted */

	for (size_t i = 0; i < operation->instances.count; i++) {
		struct instance *instance = operation->instances.items[i];

		instance->busy = false;
		life_note_processes(claims, instance);
		if (operation->type == OPERATION_GRANT)
			apply_grant(claims, instance, wanted);
		else if (operation->type == OPERATION_CHANGE)
			apply_change(claims, instance, operation->terms.items[i]);
		else
			apply_release(claims, instance);
		life_note_processes(claims, instance);
		claims_due(claims, life_deadline(claims, instance));
		roster_touch(claims, instance);
		if (operation->type == OPERATION_CHANGE && instance->tenant)
			queue_note(claims, instance->group, instance->tenant);
		if (instance->identity->device)
			devices_touch(claims->devices, instance->identity->device);
	}
	if (operation->type == OPERATION_ACCEPT_LOSS)
		claims->loss = false;
	answer_committed(claims, operation);
}

static void undo(struct claims *claims, struct operation *operation, const char *why)
{
	bool moved =
		operation->type == OPERATION_CHANGE && !operation->essential && !operation->request;

	queue_note_all(claims);
	for (size_t i = 0; i < operation->instances.count; i++) {
		struct instance *instance = operation->instances.items[i];

		instance->busy = false;
		if (moved)
			roster_note_moved(claims, instance);
		if (operation->type != OPERATION_GRANT)
			continue;
		/* it was told to nobody, and goes as quietly with the next claims_settle */
		instance->phase = INSTANCE_RELEASED;
		holding_let_go(claims, instance);
		roster_touch(claims, instance);
	}
	answer_failed(claims, operation, why);
}

void operation_finish(struct claims *claims, struct batch *batch, int64_t now)
{
	struct vector writing = claims->writing;

	claims->writing = (struct vector){0};
	claims->batch_taken = false;
	claims->late = false;
	claims->returned = true;
	for (size_t i = 0; i < writing.count; i++) {
		struct operation *operation = writing.items[i];

		if (batch->outcome == BATCH_COMMITTED ||
			(batch->outcome == BATCH_ESSENTIAL && operation->essential))
			apply(claims, operation);
		else
			undo(claims, operation, strerror(-batch->error));
		operation_free(operation);
	}
	if (batch->outcome != BATCH_COMMITTED)
		claims->retry = now + RETRY;
	vector_done(&writing);
	batch_free(batch);
}

/* What comes of it is seen in events; a claim is taken back. */
static void answer_late(struct claims *claims, struct operation *operation)
{
	struct request *request = operation->request;

	for (size_t i = 0; i < operation->terms.count && request->type == REQUEST_CLAIM; i++) {
		const struct instance *instance = operation->instances.items[i];
		struct instance_terms *terms = operation->terms.items[i];

		terms->use.over |= terms->vm && !instance->terms.vm;
	}
	operation->request = NULL;
	answer_refuse(claims, request, ANSWER_STORAGE_FAILED,
		"the disk of the state folder does not answer: a claim that it writes after all "
		"is taken back at once, any other change is told by its event");
}

static void expire(struct claims *claims, const struct vector *operations, int64_t now)
{
	for (size_t i = 0; i < operations->count; i++) {
		struct operation *operation = operations->items[i];

		if (!operation->request)
			continue;
		if (now < late_from(claims, operation->since)) {
			claims_due(claims, late_from(claims, operation->since));
			continue;
		}
		claims->late = true;
		answer_late(claims, operation);
	}
}

void operation_expire(struct claims *claims, int64_t now)
{
	expire(claims, &claims->writing, now);
	expire(claims, &claims->deciding, now);
	list_for_each(at, &claims->parked) {
		struct request *request = container_of(at, struct request, link);

		if (now < late_from(claims, request->parked)) {
			claims_due(claims, late_from(claims, request->parked));
			continue;
		}
		list_remove(&request->link);
		answer_refuse(claims, request, ANSWER_STORAGE_FAILED,
			"the disk of the state folder does not answer, so nothing was changed");
	}
}

static void end_terms(const struct vector *operations, hold_ends *ends, const void *what)
{
	for (size_t i = 0; i < operations->count; i++) {
		const struct operation *operation = operations->items[i];

		for (size_t k = 0; k < operation->terms.count; k++) {
			struct instance_terms *terms = operation->terms.items[k];

			terms->grant.over |= ends(&terms->grant, what);
			terms->use.over |= ends(&terms->use, what);
		}
	}
}

void operation_end_lives(struct claims *claims, hold_ends *ends, const void *what)
{
	end_terms(&claims->writing, ends, what);
	end_terms(&claims->deciding, ends, what);
}

static void abandon(const struct vector *operations, uint64_t connection)
{
	for (size_t i = 0; i < operations->count; i++) {
		struct operation *operation = operations->items[i];

		if (operation->request && operation->request->connection == connection)
			operation->request->abandoned = true;
	}
}

void operation_abandon(struct claims *claims, uint64_t connection)
{
	abandon(&claims->writing, connection);
	abandon(&claims->deciding, connection);
	list_for_each(at, &claims->parked) {
		struct request *request = container_of(at, struct request, link);

		if (request->connection != connection)
			continue;
		list_remove(&request->link);
		request->abandoned = true;
		answer_add(claims, request);
	}
}
