/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claims/queue.h"

#include "base/memory.h"
#include "claims/answer.h"
#include "claims/pick.h"

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

static struct queue *find(const struct claims *claims, struct queue_key key)
{
	list_for_each(at, &claims->queues) {
		struct queue *queue = container_of(at, struct queue, link);

		if (queue->group == key.group && queue->tenant == key.tenant &&
			queue->uid == key.uid)
			return queue;
	}
	return NULL;
}

/* Who is served next; a queue that is being served may be empty. NULL: nobody. */
static const struct request *head_of(const struct queue *queue)
{
	if (list_is_empty(&queue->waiting))
		return NULL;
	return container_of(queue->waiting.next, struct request, link);
}

static bool is_before(const struct queue *queue, const struct request *request)
{
	const struct request *head = head_of(queue);

	return head && head->place < request->place;
}

bool queue_has_earlier(const struct claims *claims, const struct request *request)
{
	const struct queue *queue = find(claims, key_of(request));

	return queue && is_before(queue, request);
}

/* All that wait in a queue are of one user. */
static bool is_for(
	const struct claims *claims, const struct queue *queue, const struct instance *instance)
{
	return queue->group == instance->group && queue->tenant == instance->tenant &&
	       request_may_change(head_of(queue), claims->rights, instance);
}

bool queue_wants(
	const struct claims *claims, const struct instance *instance, const struct request *request)
{
	list_for_each(at, &claims->queues) {
		const struct queue *queue = container_of(at, struct queue, link);

		if (is_before(queue, request) && is_for(claims, queue, instance))
			return true;
	}
	return false;
}

static struct queue *queue_make(struct claims *claims, struct queue_key key)
{
	struct queue *queue = memory_allocate(sizeof(*queue));

	queue->group = text_ref(key.group);
	queue->tenant = text_ref(key.tenant);
	queue->uid = key.uid;
	list_init(&queue->waiting);
	list_append(&claims->queues, &queue->link);
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

void queue_note(struct claims *claims, const struct text *group, const struct text *tenant)
{
	list_for_each(at, &claims->queues) {
		struct queue *queue = container_of(at, struct queue, link);

		if (queue->group == group && queue->tenant == tenant)
			queue->due = true;
	}
}

void queue_note_all(struct claims *claims)
{
	list_for_each(at, &claims->queues)
		container_of(at, struct queue, link)->due = true;
}

/* A group that gives whole slots waits for whatever a function of one is in the way by. */
void queue_note_device(struct claims *claims, const struct device *device)
{
	list_for_each(at, &claims->queues) {
		struct queue *queue = container_of(at, struct queue, link);
		const struct resource_group *group =
			ruleset_find_group(claims->devices->ruleset, queue->group->bytes);

		if (pick_is_free(device, queue->group) || (group && group->all_functions))
			queue->due = true;
	}
}

/* The link before which the request stands: one that was parked comes back to its place. */
static struct list_link *behind_earlier(struct queue *queue, const struct request *request)
{
	struct list_link *at = &queue->waiting;

	while (at->previous != &queue->waiting &&
		container_of(at->previous, struct request, link)->place > request->place)
		at = at->previous;
	return at;
}

void queue_enter(struct claims *claims, struct request *request)
{
	struct queue *queue = find(claims, key_of(request));

	if (!queue)
		queue = queue_make(claims, key_of(request));
	list_append(behind_earlier(queue, request), &request->link);
	request->parked = 0;
	claims_due(claims, request->wait_until);
}

/* Whoever waited too long; the one behind them may be the head now. */
static void expire(struct claims *claims, struct queue *queue, int64_t now)
{
	list_for_each(at, &queue->waiting) {
		struct request *request = container_of(at, struct request, link);

		if (request->wait_until > now) {
			claims_due(claims, request->wait_until);
			continue;
		}
		list_remove(&request->link);
		queue_note(claims, queue->group, queue->tenant);
		answer_refuse(claims, request, ANSWER_TIMEOUT,
			"nothing of group %s became available for you within %lld ms",
			request->group->bytes, (long long)request->wait_ms);
	}
}

void queue_expire(struct claims *claims, int64_t now)
{
	list_for_each(at, &claims->queues)
		expire(claims, container_of(at, struct queue, link), now);
}

void queue_leave(struct claims *claims, uint64_t connection)
{
	list_for_each(at, &claims->queues) {
		struct queue *queue = container_of(at, struct queue, link);

		list_for_each(of, &queue->waiting) {
			struct request *request = container_of(of, struct request, link);

			if (request->connection != connection)
				continue;
			list_remove(&request->link);
			queue_note(claims, queue->group, queue->tenant);
			request->abandoned = true;
			answer_add(claims, request);
		}
		if (list_is_empty(&queue->waiting))
			queue_free(queue);
	}
}
