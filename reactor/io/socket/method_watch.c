/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watch: where a subscription begins, and what it lets pass. */
#include "io/socket/method_watch.h"

#include "base/clock.h"
#include "io/socket/connection.h"
#include "io/socket/internal.h"
#include "io/socket/reply.h"

#include <inttypes.h>
#include <string.h>

/* Groups that one filter may name: each event is compared with all of them. */
#define MOST_GROUPS 64

/* Where a Watch begins. */
struct beginning {
	bool snapshot;
	uint64_t since;
};

static bool reply_history_lost(struct call *call, const char *why)
{
	const struct service *service = call->connection->service;
	struct writer json = {0};

	reply_open_error(&json, "org.hostdevd.HistoryLost");
	writer_key_number(&json, "oldest", (int64_t)journal_oldest(&service->journal));
	writer_key_string(&json, "epoch", service->epoch);
	reply_close_error(call, &json, "%s: ask again with `snapshot`, or without `since`", why);
	return false;
}

/* What is lost of the history that `since` asks for; NULL: nothing. */
static const char *find_loss(const struct service *service, const char *epoch, int64_t since)
{
	if (strcmp(epoch, service->epoch) != 0)
		return "`since` is of another run of the daemon";
	if ((uint64_t)since + 1 < journal_oldest(&service->journal))
		return "events after `since` are no longer kept";
	return NULL;
}

/* False: the call was answered with an error. */
static bool read_since(struct call *call, int64_t since, struct beginning *beginning)
{
	const struct service *service = call->connection->service;
	const char *epoch = call_string(call, "epoch");
	const char *loss;

	if (!epoch)
		return reply_invalid(call, "epoch",
			"`since` counts within an epoch: name the one that came with it");
	if (since < 0)
		return reply_invalid(call, "since", "`since` is the seq of an event, or 0");
	loss = find_loss(service, epoch, since);
	if (loss && !beginning->snapshot)
		return reply_history_lost(call, loss);
	if (!loss && (uint64_t)since > service->journal.last)
		return reply_invalid(call, "since", "the last event of this epoch is %" PRIu64,
			service->journal.last);
	beginning->snapshot = loss;
	beginning->since = (uint64_t)since;
	return true;
}

static bool read_beginning(struct call *call, struct beginning *ret_beginning)
{
	struct beginning beginning = {
		.snapshot = call_flag(call, "snapshot"),
		.since = call->connection->service->journal.last,
	};
	int64_t since;

	if (call_integer(call, "since", &since) && !read_since(call, since, &beginning))
		return false;
	*ret_beginning = beginning;
	return true;
}

/* False: it names nothing, which would pass nothing; the call was answered with the error. */
static bool check_names(struct call *call, const char *parameter)
{
	if (!call_has(call, parameter) || call_string_at(call, parameter, 0))
		return true;
	return reply_invalid(
		call, parameter, "`%s` names nothing: leave it out to get all", parameter);
}

static bool read_kinds(struct call *call, struct filter *filter)
{
	const char *name;

	for (size_t i = 0; (name = call_string_at(call, "kinds", i)); i++) {
		enum kind kind = kind_find(name);

		if (kind == KIND_COUNT)
			return reply_invalid(call, "kinds", "there is no kind `%s`", name);
		filter->kinds |= KIND_MASK(kind);
	}
	return check_names(call, "kinds");
}

static bool read_types(struct call *call, struct filter *filter)
{
	const char *name;

	for (size_t i = 0; (name = call_string_at(call, "types", i)); i++) {
		enum change_type type = change_type_find(name);

		if (type == EVENT_TYPE_COUNT)
			return reply_invalid(call, "types", "there is no event type `%s`", name);
		filter->types |= 1u << type;
	}
	return check_names(call, "types");
}

/* A group that does not exist is legal: it may come with the next rules. */
static bool read_groups(struct call *call, struct filter *filter)
{
	struct text_pool *pool = call->connection->service->claims->devices->pool;
	const char *name;

	for (size_t i = 0; (name = call_string_at(call, "groups", i)); i++) {
		if (i == MOST_GROUPS)
			return reply_invalid(
				call, "groups", "at most %d can be named", MOST_GROUPS);
		vector_add(&filter->groups, text_intern_string(pool, name));
	}
	return check_names(call, "groups");
}

static bool read_filter(struct call *call, struct filter *filter)
{
	return read_kinds(call, filter) && read_types(call, filter) && read_groups(call, filter);
}

static struct text *make_ready(const struct service *service, uint64_t seq)
{
	struct writer json = {0};

	journal_open_event(&json, seq, clock_real(), EVENT_READY);
	writer_key_string(&json, "epoch", service->epoch);
	writer_close(&json, '}');
	return reply_take(&json, true);
}

static struct snapshot *current_snapshot(struct service *service)
{
	if (!service->snapshot)
		service->snapshot =
			snapshot_new(service->claims, service->journal.last, clock_real());
	return service->snapshot;
}

void method_watch(struct call *call)
{
	struct connection *connection = call->connection;
	struct service *service = connection->service;
	struct beginning beginning;
	struct subscription *subscription;
	struct filter filter = {0};

	if (!read_beginning(call, &beginning))
		return;
	if (!read_filter(call, &filter)) {
		filter_done(&filter);
		return;
	}
	if (!call->oneway) {
		subscription = memory_allocate(sizeof(*subscription));
		subscription_init(subscription, beginning.since, service->journal.last,
			beginning.snapshot ? current_snapshot(service) : NULL);
		subscription->filter = filter;
		subscription->ready = make_ready(service, service->journal.last);
		connection_subscribe(connection, subscription);
	} else {
		filter_done(&filter);
	}
	connection_end_call(connection);
}
