/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations: made by a decision, written with all others of their turn, applied or undone when the
 * store is back. An instance has one at a time, so what is undone was seen by nobody.
 *
 * Who waits for the disk longer than `patience` gets StorageFailed. A grant that is committed after
 * all was then given to nobody, and is taken back.
 */
#include "base/clock.h"
#include "base/memory.h"
#include "core/claims_internal.h"
#include "core/holding.h"

#include <string.h>

#define RETRY CLOCK_SECOND

struct operation *operation_add(
	struct core *core, enum operation_type type, struct request *request, int64_t now)
{
	struct operation *operation = memory_allocate(sizeof(*operation));

	operation->type = type;
	operation->essential = type == OPERATION_RELEASE;
	operation->request = request;
	operation->since = now;
	vector_add(&core->claims.deciding, operation);
	if (request && core->claims.patience != CLOCK_NEVER)
		claims_due(core, now + core->claims.patience);
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

void operation_add_unassign(
	struct core *core, struct request *request, struct instance *instance, int64_t now)
{
	struct operation *operation = operation_add(core, OPERATION_CHANGE, request, now);

	operation->essential = true;
	operation_unassign(operation, instance);
}

void operation_unassign(struct operation *operation, struct instance *instance)
{
	struct instance_terms *terms = operation_add_change(operation, instance);

	text_replace(&terms->vm, NULL);
	text_replace(&terms->use.token, NULL);
	terms->use = (struct hold){0};
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

void operations_park(struct core *core, struct request *request, int64_t now)
{
	if (!request->parked)
		request->parked = now;
	list_append(&core->claims.parked, &request->link);
	if (core->claims.patience != CLOCK_NEVER)
		claims_due(core, request->parked + core->claims.patience);
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

struct batch *claims_take_batch(struct core *core)
{
	struct claims *claims = &core->claims;
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

/* The answer of an operation that was committed; what it is about is described by core_settle. */
static void answer_done(struct core *core, struct operation *operation)
{
	struct request *request = operation->request;

	if (!request)
		return;
	operation->request = NULL;
	request->answer = ANSWER_DONE;
	for (size_t i = 0; i < operation->instances.count; i++) {
		struct instance *instance = operation->instances.items[i];

		if (request->type == REQUEST_RELEASE)
			request_add_released(request, instance->number);
		else
			vector_add(&request->holders, instance);
	}
	claims_answer(core, request);
}

static void answer_failed(struct core *core, struct operation *operation, const char *why)
{
	struct request *request = operation->request;

	if (!request)
		return;
	operation->request = NULL;
	request_answer(request, ANSWER_STORAGE_FAILED,
		"the state folder cannot be written (%s), so nothing was changed: see the "
		"daemon's log and its disk",
		why);
	claims_answer(core, request);
}

static void apply_grant(struct core *core, struct instance *instance, bool wanted)
{
	struct identity *identity = instance->identity;

	instance->pending = false;
	identity->generation = instance->generation;
	holding_set_owner(core, identity, claims_owner(core, instance->terms.vm, instance->tenant));
	holding_mark_twins(core, instance);
	if (!wanted)
		claims_end_grant(core, instance);
	if (instance->tenant)
		queue_note(core, instance->group, instance->tenant);
}

static void apply_change(
	struct core *core, struct instance *instance, const struct instance_terms *terms)
{
	instance_terms_copy(&instance->terms, terms);
	claims_note_tied(core, instance);
	if (terms->grant.over || terms->use.over)
		claims_note_over(core, instance);
}

/* The device is free from here on; the instance goes when subscribers were told. */
static void apply_release(struct core *core, struct instance *instance)
{
	instance->released = true;
	holding_let_go(core, instance);
	queue_note(core, instance->group, NULL);
	queue_note(core, instance->group, instance->tenant);
}

static void apply(struct core *core, struct operation *operation)
{
	bool wanted = operation->request; /* else it was answered already: not granted */

	for (size_t i = 0; i < operation->instances.count; i++) {
		struct instance *instance = operation->instances.items[i];

		instance->busy = false;
		claims_note_lives(core, instance);
		if (operation->type == OPERATION_GRANT)
			apply_grant(core, instance, wanted);
		else if (operation->type == OPERATION_CHANGE)
			apply_change(core, instance, operation->terms.items[i]);
		else
			apply_release(core, instance);
		claims_note_lives(core, instance);
		claims_due(core, claims_instance_deadline(core, instance));
		claims_touch(core, instance);
		if (operation->type == OPERATION_CHANGE && instance->tenant)
			queue_note(core, instance->group, instance->tenant);
		if (instance->identity->device)
			core_decide(core, instance->identity->device);
	}
	if (operation->type == OPERATION_ACCEPT_LOSS)
		core->claims.loss = false;
	answer_done(core, operation);
}

static void undo(struct core *core, struct operation *operation, const char *why)
{
	bool moved =
		operation->type == OPERATION_CHANGE && !operation->essential && !operation->request;

	queue_note_all(core);
	for (size_t i = 0; i < operation->instances.count; i++) {
		struct instance *instance = operation->instances.items[i];

		instance->busy = false;
		if (moved)
			claims_note_moved(core, instance);
		if (operation->type != OPERATION_GRANT)
			continue;
		/* it was told to nobody, and goes as quietly with the next core_settle */
		instance->released = true;
		holding_let_go(core, instance);
		claims_touch(core, instance);
	}
	answer_failed(core, operation, why);
}

void claims_finish(struct core *core, struct batch *batch, int64_t now)
{
	struct claims *claims = &core->claims;
	struct vector writing = claims->writing;

	claims->writing = (struct vector){0};
	claims->batch_taken = false;
	claims->late = false;
	claims->returned = true;
	for (size_t i = 0; i < writing.count; i++) {
		struct operation *operation = writing.items[i];

		if (batch->outcome == BATCH_COMMITTED ||
			(batch->outcome == BATCH_ESSENTIAL && operation->essential))
			apply(core, operation);
		else
			undo(core, operation, strerror(-batch->error));
		operation_free(operation);
	}
	if (batch->outcome != BATCH_COMMITTED)
		claims->retry = now + RETRY;
	vector_done(&writing);
	batch_free(batch);
}

/* What comes of it is seen in events; a claim is taken back. */
static void answer_late(struct core *core, struct operation *operation)
{
	struct request *request = operation->request;

	for (size_t i = 0; i < operation->terms.count && request->type == REQUEST_CLAIM; i++) {
		const struct instance *instance = operation->instances.items[i];
		struct instance_terms *terms = operation->terms.items[i];

		terms->use.over |= terms->vm && !instance->terms.vm;
	}
	operation->request = NULL;
	request_answer(request, ANSWER_STORAGE_FAILED,
		"the disk of the state folder does not answer: a claim that it writes after all "
		"is taken back at once, any other change is told by its event");
	claims_answer(core, request);
}

static bool is_late(const struct core *core, int64_t since, int64_t now)
{
	return core->claims.patience != CLOCK_NEVER && now >= since + core->claims.patience;
}

static void expire(struct core *core, const struct vector *operations, int64_t now)
{
	for (size_t i = 0; i < operations->count; i++) {
		struct operation *operation = operations->items[i];

		if (!operation->request)
			continue;
		if (is_late(core, operation->since, now)) {
			core->claims.late = true;
			answer_late(core, operation);
		} else if (core->claims.patience != CLOCK_NEVER) {
			claims_due(core, operation->since + core->claims.patience);
		}
	}
}

void operations_expire(struct core *core, int64_t now)
{
	expire(core, &core->claims.writing, now);
	expire(core, &core->claims.deciding, now);
	list_for_each(at, &core->claims.parked) {
		struct request *request = container_of(at, struct request, link);

		if (!is_late(core, request->parked, now)) {
			if (core->claims.patience != CLOCK_NEVER)
				claims_due(core, request->parked + core->claims.patience);
			continue;
		}
		list_remove(&request->link);
		request_answer(request, ANSWER_STORAGE_FAILED,
			"the disk of the state folder does not answer, so nothing was changed");
		claims_answer(core, request);
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

void operations_end_lives(struct core *core, hold_ends *ends, const void *what)
{
	end_terms(&core->claims.writing, ends, what);
	end_terms(&core->claims.deciding, ends, what);
}

static void abandon(const struct vector *operations, uint64_t connection)
{
	for (size_t i = 0; i < operations->count; i++) {
		struct operation *operation = operations->items[i];

		if (operation->request && operation->request->connection == connection)
			operation->request->abandoned = true;
	}
}

void operations_abandon(struct core *core, uint64_t connection)
{
	abandon(&core->claims.writing, connection);
	abandon(&core->claims.deciding, connection);
	list_for_each(at, &core->claims.parked) {
		struct request *request = container_of(at, struct request, link);

		if (request->connection != connection)
			continue;
		list_remove(&request->link);
		request->abandoned = true;
		claims_answer(core, request);
	}
}
