/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/socket/connection.h"

#include "base/error.h"
#include "io/socket/internal.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Vectors and bytes of one sendmsg; bytes of one connection in one turn. */
#define SEND_VECTORS 512
#define SEND_BYTES   ((size_t)256 * 1024)
#define TURN_BYTES   ((size_t)1024 * 1024)

static size_t message_limit(const struct connection *connection)
{
	const struct service *service = connection->service;

	return rights_permit(service->rights, &connection->peer, RIGHT_ADMIN, NULL)
		       ? service->limits.admin_message
		       : service->limits.message;
}

static void refuse_message(struct connection *connection, enum counter why)
{
	counter_add(&connection->service->status->counters, why);
	connection_kill(connection);
}

/* The message that was cut becomes the call that runs; nothing is read meanwhile. */
static void begin_call(struct connection *connection, const char *bytes, size_t length)
{
	struct service *service = connection->service;
	struct call *call = &connection->call;

	if (call_parse(call, bytes, length) != 0) {
		refuse_message(connection, COUNTER_MESSAGES_MALFORMED);
		return;
	}
	counter_add(&service->status->counters, COUNTER_CALLS);
	event_del(&connection->readable);
	/* of a pipelined call that fails with EEXIST: it is watched since the call before it */
	hangup_watch(&service->hangup, connection->descriptor, connection);
	list_append(&service->arrived, &call->link);
}

static void read_next_call(struct connection *connection)
{
	const char *bytes;
	size_t length;

	switch (frame_cut(&connection->frame, message_limit(connection), &bytes, &length)) {
	case 0:
		begin_call(connection, bytes, length);
		break;
	case FRAME_PARTIAL:
		hangup_forget(&connection->service->hangup, connection->descriptor);
		event_add(&connection->readable, NULL);
		break;
	case FRAME_TOO_LARGE:
		refuse_message(connection, COUNTER_MESSAGES_TOO_LARGE);
		break;
	}
}

static void on_end_of_input(struct connection *connection)
{
	if (frame_is_empty(&connection->frame))
		connection_kill(connection);
	else
		refuse_message(connection, COUNTER_MESSAGES_MALFORMED);
}

static void on_readable(int descriptor, short what, void *data)
{
	struct connection *connection = data;
	ssize_t received;
	size_t room;
	char *bytes = frame_room(&connection->frame, message_limit(connection), &room);

	(void)what;
	if (room == 0) { /* the limit was lowered meanwhile */
		refuse_message(connection, COUNTER_MESSAGES_TOO_LARGE);
		return;
	}
	received = recv(descriptor, bytes, room, MSG_DONTWAIT);
	if (received > 0) {
		frame_received(&connection->frame, (size_t)received);
		read_next_call(connection);
	} else if (received == 0) {
		on_end_of_input(connection);
	} else if (errno != EAGAIN && errno != EINTR) {
		connection_kill(connection);
	}
}

static void on_writable(int descriptor, short what, void *data)
{
	struct connection *connection = data;

	(void)descriptor;
	(void)what;
	if (connection->subscription)
		connection->subscription->blocked = false;
	connection_wants_to_send(connection);
}

/*
 * Only poll tells what was closed. Who just sends no more calls still gets its answers, but a Watch
 * ends.
 */
void connection_hung_up(struct connection *connection)
{
	struct pollfd look = {.fd = connection->descriptor, .events = POLLRDHUP};

	poll(&look, 1, 0);
	if (look.revents & (POLLHUP | POLLERR | POLLNVAL) || connection->subscription) {
		connection_kill(connection);
		return;
	}
	connection->ended = true;
	hangup_watch_on(&connection->service->hangup, connection->descriptor, connection);
}

struct connection *connection_new(struct service *service, int descriptor, struct peer peer)
{
	struct connection *connection = memory_allocate(sizeof(*connection));

	connection->service = service;
	connection->descriptor = descriptor;
	connection->peer = peer;
	connection->call.connection = connection;
	list_init(&connection->call.link);
	connection->number = ++service->last_connection;
	list_init(&connection->sending);
	list_init(&connection->closing);
	list_append(&service->connections, &connection->link);
	service->status->connections++;
	event_assign(&connection->readable, service->base, descriptor, EV_READ | EV_PERSIST,
		on_readable, connection);
	event_assign(&connection->writable, service->base, descriptor, EV_WRITE, on_writable,
		connection);
	event_add(&connection->readable, NULL);
	return connection;
}

void connection_kill(struct connection *connection)
{
	struct service *service = connection->service;

	if (connection->dead)
		return;
	connection->dead = true;
	event_del(&connection->readable);
	event_del(&connection->writable);
	hangup_forget(&service->hangup, connection->descriptor);
	if (connection->requested)
		list_append(&service->closed, &connection->closing);
	service->status->connections--;
	list_remove(&connection->call.link);
	list_remove(&connection->sending);
	list_remove(&connection->link);
	list_append(&service->dead, &connection->link);
	if (connection->subscription) {
		service->status->subscribers--;
		list_remove(&connection->subscription->link);
	}
}

struct connection *connection_free(struct connection *connection)
{
	list_remove(&connection->link);
	list_remove(&connection->closing);
	if (connection->subscription)
		subscription_done(connection->subscription);
	free(connection->subscription);
	call_done(&connection->call);
	outbox_done(&connection->outbox);
	frame_done(&connection->frame);
	peer_done(&connection->peer);
	close(connection->descriptor);
	free(connection);
	return NULL;
}

void connection_subscribe(struct connection *connection, struct subscription *subscription)
{
	struct service *service = connection->service;

	subscription->connection = connection;
	connection->subscription = subscription;
	list_append(&service->subscriptions, &subscription->link);
	service->status->subscribers++;
	if (connection->ended)
		connection_kill(connection);
}

void connection_reply(struct connection *connection, struct text *reply)
{
	if (connection->call.oneway)
		text_unref(reply);
	else
		outbox_add(&connection->outbox, reply);
}

void connection_end_call(struct connection *connection)
{
	list_remove(&connection->call.link);
	call_done(&connection->call);
	connection_wants_to_send(connection);
}

void connection_wants_to_send(struct connection *connection)
{
	if (!connection->dead && list_is_empty(&connection->sending))
		list_append(&connection->service->sending, &connection->sending);
}

/* Gathers one parcel, sends it and moves on. 0: nothing is due; -EAGAIN: the socket is full. */
static ssize_t send_parcel(struct connection *connection)
{
	const struct journal *journal = &connection->service->journal;
	struct subscription *subscription = connection->subscription;
	struct subscription_position end;
	struct iovec vectors[SEND_VECTORS];
	struct parcel parcel = {.vectors = vectors, .most = SEND_VECTORS, .enough = SEND_BYTES};
	struct msghdr message = {.msg_iov = vectors};
	ssize_t sent = 0;

	if (subscription)
		subscription_gather(subscription, journal, &parcel, &end);
	else
		outbox_gather(&connection->outbox, &parcel);
	message.msg_iovlen = parcel.count;
	if (parcel.count > 0)
		sent = sendmsg(connection->descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent < 0)
		return error_from_errno();
	if (subscription)
		subscription_advance(subscription, journal, &parcel, &end, (size_t)sent);
	else
		outbox_advance(&connection->outbox, (size_t)sent);
	return sent;
}

static void on_sent_all(struct connection *connection)
{
	if (!connection->subscription && !connection->call.message)
		read_next_call(connection);
}

static void on_not_sent(struct connection *connection, int error)
{
	if (error != -EAGAIN) {
		connection_kill(connection);
		return;
	}
	event_add(&connection->writable, NULL);
	if (!connection->subscription)
		return;
	connection->subscription->blocked = true;
	connection->service->look_due = true;
}

void connection_send(struct connection *connection, int64_t now)
{
	struct subscription *subscription = connection->subscription;
	size_t total = 0;
	ssize_t sent;

	list_remove(&connection->sending);
	do {
		sent = send_parcel(connection);
		if (sent > 0)
			total += (size_t)sent;
	} while (sent > 0 && total < TURN_BYTES);
	if (subscription && (total > 0 || sent == 0 || subscription->taken == 0))
		subscription->taken = now;
	if (sent > 0)
		connection_wants_to_send(connection);
	else if (sent == 0)
		on_sent_all(connection);
	else
		on_not_sent(connection, (int)sent);
}
