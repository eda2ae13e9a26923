/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One strict queue for each group, and one for what each user holds of it for each tenant. Only the
 * head is tried, and only when something it waits for may be free: a release costs two tries,
 * however many wait. A queue exists while somebody waits in it.
 */
#include "base/clock.h"
#include "base/memory.h"
#include "core/claims_internal.h"

/* What sets the queues apart. */
struct queue_key {
	struct text *group;
	struct text *tenant;
	uid_t uid;
};

static struct queue_key key_of(const struct request *request)
{
	if (!request_is_use(request))
		return (struct queue_key){.group = request->group};
	return (struct queue_key){request->group, request->tenant, request->peer->uid};
}

static struct queue *find(const struct core *core, struct queue_key key)
{
	list_for_each(at, &core->claims.queues) {
		struct queue *queue = container_of(at, struct queue, link);

		if (queue->group == key.group && queue->tenant == key.tenant &&
			queue->uid == key.uid)
			return queue;
	}
	return NULL;
}

bool queue_has_others(const struct core *core, const struct request *request)
{
	return find(core, key_of(request));
}

/* All that wait in a queue are of one user. */
static bool is_for(
	const struct core *core, const struct queue *queue, const struct instance *instance)
{
	return queue->group == instance->group && queue->tenant == instance->tenant &&
	       !list_is_empty(&queue->waiting) &&
	       claims_may_change(
		       core, container_of(queue->waiting.next, struct request, link), instance);
}

bool queue_wants(const struct core *core, const struct instance *instance)
{
	list_for_each(at, &core->claims.queues)
		if (is_for(core, container_of(at, struct queue, link), instance))
			return true;
	return false;
}

static struct queue *queue_make(struct core *core, struct queue_key key)
{
	struct queue *queue = memory_allocate(sizeof(*queue));

	queue->group = text_ref(key.group);
	queue->tenant = text_ref(key.tenant);
	queue->uid = key.uid;
	list_init(&queue->waiting);
	list_append(&core->claims.queues, &queue->link);
	return queue;
}

struct queue *queue_free(struct queue *queue)
{
	list_for_each(at, &queue->waiting)
		request_free(container_of(at, struct request, link));
	list_remove(&queue->link);
	text_unref(queue->group);
	text_unref(queue->tenant);
	free(queue);
	return NULL;
}

void queue_note(struct core *core, const struct text *group, const struct text *tenant)
{
	list_for_each(at, &core->claims.queues) {
		struct queue *queue = container_of(at, struct queue, link);

		if (queue->group == group && queue->tenant == tenant)
			queue->due = true;
	}
}

void queue_note_all(struct core *core)
{
	list_for_each(at, &core->claims.queues)
		container_of(at, struct queue, link)->due = true;
}

/* A group that gives whole slots waits for whatever a function of one is in the way by. */
void queue_note_device(struct core *core, const struct device *device)
{
	list_for_each(at, &core->claims.queues) {
		struct queue *queue = container_of(at, struct queue, link);
		const struct resource_group *group =
			ruleset_find_group(core->ruleset, queue->group->bytes);

		if (pick_is_free(device, queue->group) || (group && group->all_functions))
			queue->due = true;
	}
}

void queue_enter(struct core *core, struct request *request)
{
	struct queue *queue = find(core, key_of(request));

	if (!queue)
		queue = queue_make(core, key_of(request));
	list_append(&queue->waiting, &request->link);
	request->parked = 0;
	claims_due(core, request->wait_until);
}

static void serve(struct core *core, struct queue *queue, int64_t now)
{
	queue->due = false;
	while (!list_is_empty(&queue->waiting)) {
		struct request *request = container_of(queue->waiting.next, struct request, link);
		struct list_link *second = request->link.next;

		list_remove(&request->link);
		if (claim_take(core, request, now) == QUEUE_SERVED)
			continue;
		list_append(second, &request->link); /* before the second: the head again */
		return;
	}
}

void queues_serve(struct core *core, int64_t now)
{
	list_for_each(at, &core->claims.queues) {
		struct queue *queue = container_of(at, struct queue, link);

		if (queue->due)
			serve(core, queue, now);
		if (list_is_empty(&queue->waiting))
			queue_free(queue);
	}
}

/* Whoever waited too long; the one behind them may be the head now. */
static void expire(struct core *core, struct queue *queue, int64_t now)
{
	list_for_each(at, &queue->waiting) {
		struct request *request = container_of(at, struct request, link);

		if (request->wait_until > now) {
			claims_due(core, request->wait_until);
			continue;
		}
		list_remove(&request->link);
		queue->due = true;
		request_answer(request, ANSWER_TIMEOUT,
			"nothing of group %s became available for you within %lld ms",
			request->group->bytes, (long long)request->wait_ms);
		claims_answer(core, request);
	}
}

void queues_expire(struct core *core, int64_t now)
{
	list_for_each(at, &core->claims.queues)
		expire(core, container_of(at, struct queue, link), now);
}

void queues_leave(struct core *core, uint64_t connection)
{
	list_for_each(at, &core->claims.queues) {
		struct queue *queue = container_of(at, struct queue, link);

		list_for_each(of, &queue->waiting) {
			struct request *request = container_of(of, struct request, link);

			if (request->connection != connection)
				continue;
			list_remove(&request->link);
			queue->due = true;
			request->abandoned = true;
			claims_answer(core, request);
		}
		if (list_is_empty(&queue->waiting))
			queue_free(queue);
	}
}
