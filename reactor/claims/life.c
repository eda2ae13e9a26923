/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claims/life.h"

#include "base/clock.h"
#include "base/memory.h"
#include "claims/hold.h"

void life_note_over(struct claims *claims, struct instance *instance)
{
	if (instance->phase != INSTANCE_RELEASED && list_is_empty(&instance->over))
		list_append(&claims->over, &instance->over);
}

void life_note_tied(struct claims *claims, struct instance *instance)
{
	const struct instance_terms *terms = &instance->terms;
	bool tied = terms->grant.life == LIFE_CONNECTION || terms->use.life == LIFE_CONNECTION;

	if (tied && list_is_empty(&instance->tied))
		list_append(&claims->tied, &instance->tied);
}

void life_note_processes(struct claims *claims, const struct instance *instance)
{
	if (instance->terms.grant.process.pid || instance->terms.use.process.pid)
		claims->lives_changed = true;
}

void life_end_grant(struct claims *claims, struct instance *instance)
{
	instance->terms.grant.over = true;
	life_note_over(claims, instance);
}

void life_end_use(struct claims *claims, struct instance *instance)
{
	instance->terms.use.over = true;
	life_note_over(claims, instance);
}

/* When the grant ends without anybody asking for it; CLOCK_NEVER. */
static int64_t grant_deadline(const struct claims *claims, const struct instance *instance)
{
	const struct resource_group *group =
		ruleset_find_group(claims->devices->ruleset, instance->group->bytes);
	int64_t deadline = CLOCK_NEVER;

	if (!instance_stands(instance) || instance->terms.grant.over)
		return CLOCK_NEVER;
	if (group && group->return_grace >= 0 && instance->missing_since != CLOCK_NEVER)
		deadline = instance->missing_since + group->return_grace * CLOCK_SECOND;
	if (hold_deadline(&instance->terms.grant) < deadline)
		deadline = hold_deadline(&instance->terms.grant);
	return deadline;
}

int64_t life_deadline(const struct claims *claims, const struct instance *instance)
{
	int64_t grant = grant_deadline(claims, instance);
	int64_t use = hold_deadline(&instance->terms.use);

	return grant < use ? grant : use;
}

void life_await_device(struct claims *claims, struct instance *instance, int64_t since)
{
	instance->missing_since = since;
	claims_due(claims, life_deadline(claims, instance));
}

void life_expire(struct claims *claims, struct instance *instance, int64_t now)
{
	int64_t grant = grant_deadline(claims, instance);
	int64_t use = hold_deadline(&instance->terms.use);

	if (grant <= now)
		life_end_grant(claims, instance);
	else
		claims_due(claims, grant);
	if (use <= now)
		life_end_use(claims, instance);
	else
		claims_due(claims, use);
}

static void add_process(const struct hold *hold, struct process *processes, size_t *count)
{
	if (hold->life != LIFE_EXPLICIT && hold->process.pid)
		processes[(*count)++] = hold->process;
}

bool life_processes(struct claims *claims, struct process **ret_processes, size_t *ret_count)
{
	const struct vector *instances = &claims->instances;

	if (!claims->lives_changed)
		return false;
	claims->lives_changed = false;
	*ret_processes = memory_allocate((2 * instances->count + 1) * sizeof(**ret_processes));
	*ret_count = 0;
	for (size_t i = 0; i < instances->count; i++) {
		const struct instance *instance = instances->items[i];

		if (!instance_stands(instance))
			continue;
		add_process(&instance->terms.grant, *ret_processes, ret_count);
		add_process(&instance->terms.use, *ret_processes, ret_count);
	}
	return true;
}
