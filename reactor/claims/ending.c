/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claims/ending.h"

#include "claims/hold.h"
#include "claims/life.h"
#include "claims/operation.h"
#include "claims/queue.h"

static void end_lives(
	struct claims *claims, struct instance *instance, hold_ends *ends, const void *what)
{
	if (ends(&instance->terms.grant, what))
		life_end_grant(claims, instance);
	if (ends(&instance->terms.use, what))
		life_end_use(claims, instance);
}

void ending_connection(struct claims *claims, uint64_t connection)
{
	queue_leave(claims, connection);
	operation_abandon(claims, connection);
	operation_end_lives(claims, hold_ends_with_connection, &connection);
	list_for_each(at, &claims->tied)
		end_lives(claims, container_of(at, struct instance, tied),
			hold_ends_with_connection, &connection);
}

void ending_process(struct claims *claims, const struct process *process)
{
	operation_end_lives(claims, hold_ends_with_process, process);
	for (size_t i = 0; i < claims->instances.count; i++)
		end_lives(claims, claims->instances.items[i], hold_ends_with_process, process);
}

/* Makes operations for lives that ended. */
static void end_what_is_over(struct claims *claims, int64_t now)
{
	list_for_each(at, &claims->over) {
		struct instance *instance = container_of(at, struct instance, over);
		const struct instance_terms *terms = &instance->terms;

		if (instance->phase == INSTANCE_RELEASED ||
			(!terms->grant.over && !terms->use.over)) {
			list_remove(at);
			continue;
		}
		if (instance->busy)
			continue;
		if (terms->grant.over)
			operation_add_instance(
				operation_add(claims, OPERATION_RELEASE, NULL, now), instance);
		else
			operation_unassign(
				operation_add(claims, OPERATION_CHANGE, NULL, now), instance);
	}
}

/* Has rows say where the devices are now; also tells equal devices apart after a restart. */
static void write_moved(struct claims *claims, int64_t now)
{
	list_for_each(at, &claims->moved) {
		struct instance *instance = container_of(at, struct instance, moved);

		if (instance->busy)
			continue;
		list_remove(at);
		if (instance->phase != INSTANCE_RELEASED)
			operation_add_change(
				operation_add(claims, OPERATION_CHANGE, NULL, now), instance);
	}
}

void ending_decide(struct claims *claims, int64_t now)
{
	if (list_is_empty(&claims->over) && list_is_empty(&claims->moved))
		return;
	if (now < claims->retry) {
		claims_due(claims, claims->retry);
		return;
	}
	end_what_is_over(claims, now);
	write_moved(claims, now);
}
