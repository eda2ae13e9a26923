/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens without anybody asking for it. The end of a life is a mark on the hold that it is
 * of, and looked for in terms on their way too: new terms are not undone by the end of the old
 * ones, nor do they begin with a life that is over.
 */
#include "base/memory.h"
#include "core/claims_internal.h"

/* Takes the vector entry `at` out, in no order. */
static void forget(struct vector *vector, size_t at)
{
	vector->items[at] = vector->items[--vector->count];
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

void lives_end(struct core *core, int64_t now)
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
