/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/socket/service.h"

#include "base/clock.h"
#include "base/log.h"
#include "io/socket/acceptor.h"
#include "io/socket/connection.h"
#include "io/socket/internal.h"
#include "io/socket/method.h"

/*
 * A turn's share of answering, and of sending, so that neither many or costly calls nor many
 * readers hold up the devices. Bytes are no measure of sending: while the readers take as fast as
 * we send, the same number costs 5 or 40 ms.
 */
#define TURN_TIME (3 * CLOCK_MILLISECOND)

/* A subscriber that takes nothing for this long is closed if too much waits for it. */
#define PATIENCE (10 * CLOCK_SECOND)

struct service *service_new(const struct service_options *options)
{
	struct service *service = memory_allocate(sizeof(*service));

	service->base = options->base;
	service->claims = options->claims;
	service->status = options->status;
	service->rights = options->rights;
	service->limits = options->limits;
	service->epoch = memory_duplicate(options->epoch);
	service->comma = text_new(",", 1);
	service->behind_look = CLOCK_NEVER;
	journal_init(&service->journal, options->limits.ring, options->ring_bytes);
	list_init(&service->connections);
	list_init(&service->dead);
	list_init(&service->sending);
	list_init(&service->subscriptions);
	list_init(&service->arrived);
	list_init(&service->reading);
	list_init(&service->closed);
	for (enum change_method change = 0; change < CHANGE_COUNT; change++)
		list_init(&service->changing[change]);
	hangup_init(&service->hangup, options->base, connection_hung_up);
	service->acceptor = acceptor_new(service);
	return service;
}

struct service *service_free(struct service *service)
{
	if (!service)
		return NULL;
	list_for_each(at, &service->connections)
		connection_kill(container_of(at, struct connection, link));
	list_for_each(at, &service->dead)
		connection_free(container_of(at, struct connection, link));
	acceptor_free(service->acceptor);
	hangup_done(&service->hangup);
	journal_done(&service->journal);
	snapshot_unref(service->snapshot);
	text_unref(service->comma);
	free(service->epoch);
	free(service);
	return NULL;
}

int service_listen(struct service *service, int descriptor)
{
	return acceptor_listen(service->acceptor, descriptor);
}

static void drop_subscriber(struct subscription *subscription, const char *why)
{
	struct connection *connection = subscription->connection;

	counter_add(&connection->service->status->counters, COUNTER_SUBSCRIBERS_DROPPED);
	log_notice("closed the subscriber of uid %u, pid %d: %s", (unsigned)connection->peer.uid,
		(int)connection->peer.pid, why);
	connection_kill(connection);
}

/* After new events: who lost one it needs is closed, who can take some gets them. */
static void tell_subscribers(struct service *service)
{
	list_for_each(at, &service->subscriptions) {
		struct subscription *subscription = container_of(at, struct subscription, link);

		if (subscription_is_lost(subscription, &service->journal)) {
			drop_subscriber(subscription, "the events it needs are no longer kept");
			continue;
		}
		subscription_skip(subscription, &service->journal);
		if (!subscription->blocked)
			connection_wants_to_send(subscription->connection);
	}
}

void service_set_limits(struct service *service, const struct service_limits *limits)
{
	service->limits = *limits;
	journal_keep(&service->journal, limits->ring);
	service->look_due = true;
	tell_subscribers(service);
}

void service_publish(struct service *service, const struct delta *delta)
{
	int64_t usec = clock_real();

	if (delta->changes.count == 0)
		return;
	if (service->acceptor->descriptor < 0) {
		journal_pass(&service->journal, delta->changes.count);
		return;
	}
	for (size_t i = 0; i < delta->changes.count; i++)
		journal_add(&service->journal, delta->changes.items[i], usec);
	service->snapshot = snapshot_unref(service->snapshot);
	service->look_due = true;
	tell_subscribers(service);
}

/* Takes the first call off a list, or NULL. */
static struct call *take_call(struct list_link *calls)
{
	struct call *call;

	if (list_is_empty(calls))
		return NULL;
	call = container_of(calls->next, struct call, link);
	list_remove(&call->link);
	return call;
}

/* Looks up the methods of calls that have come, and puts each where its like waits. */
static void sort_calls(struct service *service)
{
	struct call *call;

	while ((call = take_call(&service->arrived))) {
		method_find(call->name, &call->method);
		list_append(call->method && call->method->changes
				    ? &service->changing[call->method->change]
				    : &service->reading,
			&call->link);
	}
}

static void answer(struct service *service)
{
	int64_t end = clock_monotonic() + TURN_TIME;
	struct call *call;

	sort_calls(service);
	while (clock_monotonic() < end && (call = take_call(&service->reading)))
		if (method_check(call))
			call->method->answer(call);
}

struct call *service_take_change(struct service *service, enum change_method change)
{
	struct call *call;

	sort_calls(service);
	while ((call = take_call(&service->changing[change]))) {
		if (!method_check(call))
			continue;
		call->taken = true;
		return call;
	}
	return NULL;
}

struct request *service_read_request(struct call *call)
{
	struct request *request = request_new(call->method->request);

	request->caller = call;
	request->peer = &call->connection->peer;
	request->connection = call->connection->number;
	request->real = clock_real();
	if (!call->method->read(call, request))
		return request_free(request);
	call->connection->requested = true;
	return request;
}

int service_call_descriptor(const struct call *call)
{
	return call->connection->descriptor;
}

bool service_take_closed(struct service *service, uint64_t *ret_connection)
{
	struct connection *connection;

	if (list_is_empty(&service->closed))
		return false;
	connection = container_of(service->closed.next, struct connection, closing);
	list_remove(&connection->closing);
	*ret_connection = connection->number;
	return true;
}

/*
 * Closes a blocked subscriber for which too much waits and that takes nothing. EV_WRITE is no
 * measure of that (the kernel holds it back until most of the socket's buffer is free), so one
 * whose time is over is tried once more.
 */
static void look_at(struct service *service, struct subscription *subscription, int64_t now)
{
	if (!subscription->blocked || !subscription_is_behind(subscription, &service->journal,
					      service->limits.subscriber))
		return;
	if (now >= subscription->taken + PATIENCE) {
		connection_send(subscription->connection, now);
		if (subscription->connection->dead)
			return;
		if (subscription->taken != now) {
			drop_subscriber(subscription, "it takes nothing and too much waits for it");
			return;
		}
	}
	if (subscription->taken + PATIENCE < service->behind_look)
		service->behind_look = subscription->taken + PATIENCE;
}

/* Nobody gets behind without new events, or blocked without a try to send. */
static void look_who_is_behind(struct service *service, int64_t now)
{
	if (!service->look_due && now < service->behind_look)
		return;
	service->look_due = false;
	service->behind_look = CLOCK_NEVER;
	list_for_each(at, &service->subscriptions)
		look_at(service, container_of(at, struct subscription, link), now);
}

static void flush(struct service *service, int64_t now)
{
	struct list_link *last = service->sending.previous;
	struct list_link *at = &service->sending;
	int64_t end = clock_monotonic() + TURN_TIME;

	while (at != last && clock_monotonic() < end) { /* those that come back wait for a turn */
		at = service->sending.next;
		connection_send(container_of(at, struct connection, sending), now);
	}
	look_who_is_behind(service, now);
	acceptor_resume(service->acceptor, now);
}

static void reap(struct service *service)
{
	list_for_each(at, &service->dead) {
		struct connection *connection = container_of(at, struct connection, link);

		if (!connection->call.taken && list_is_empty(&connection->closing))
			connection_free(connection);
	}
}

void service_serve(struct service *service, int64_t now)
{
	answer(service);
	flush(service, now);
	reap(service);
}

int64_t service_deadline(const struct service *service)
{
	int64_t resume = service->acceptor->resume;

	return resume < service->behind_look ? resume : service->behind_look;
}

bool service_has_change(const struct service *service, enum change_method change)
{
	return !list_is_empty(&service->changing[change]);
}

bool service_is_busy(const struct service *service)
{
	return !list_is_empty(&service->changing[CHANGE_REQUEST]) ||
	       !list_is_empty(&service->arrived) || !list_is_empty(&service->reading) ||
	       !list_is_empty(&service->sending) || !list_is_empty(&service->closed);
}
