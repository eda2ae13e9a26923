/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon.h"

#include "base/clock.h"
#include "base/log.h"
#include "claims/answer.h"
#include "claims/ending.h"
#include "claims/life.h"
#include "claims/operation.h"
#include "io/host/process.h"
#include "io/socket/reply_request.h"

#include <inttypes.h>
#include <string.h>

/* A turn's share of taking requests; the rest waits for the next one. */
#define TAKE_SLICE (5 * CLOCK_MILLISECOND)

/* Processes that could not be watched are tried again after so long. */
#define WATCH_RETRY CLOCK_SECOND

int requests_start(struct daemon *daemon)
{
	struct requests *requests = &daemon->requests;
	int result = processes_new(&requests->processes);

	requests->watch_retry = CLOCK_NEVER;
	if (result == 0)
		result = loop_watch(daemon->loop, processes_descriptor(requests->processes),
			loop_set_flag, &requests->process_ended);
	if (result < 0)
		log_error("cannot watch processes: %s", strerror(-result));
	return result;
}

void requests_done(struct requests *requests)
{
	processes_free(requests->processes);
	free(requests->wanted);
}

int requests_restore(struct daemon *daemon)
{
	struct stored stored = {0};
	int result = store_load(daemon->store, &stored);

	if (result < 0) {
		log_error("cannot read the instances in %s: %s", daemon->options->state,
			strerror(-result));
		return result;
	}
	if (result == STORE_DAMAGED)
		log_error("the instances in %s were damaged: kept aside, and begun anew",
			daemon->options->state);
	claims_restore(&daemon->claims, &stored, clock_monotonic(), clock_real());
	stored_done(&stored);
	return 0;
}

/* One line when it begins and one when it is over, however many batches fail between. */
static void note_outcome(struct daemon *daemon, const struct batch *batch)
{
	bool fails = batch->outcome != BATCH_COMMITTED;

	if (fails == daemon->status.commits_fail)
		return;
	daemon->status.commits_fail = fails;
	if (fails)
		log_error("cannot write to %s: %s; devices are not given out until that works "
			  "again",
			daemon->options->state, strerror(-batch->error));
	else
		log_notice("%s can be written again", daemon->options->state);
}

static void apply_commits(struct daemon *daemon, int64_t now)
{
	struct batch *batch = store_take_finished(daemon->store);

	if (!batch)
		return;
	note_outcome(daemon, batch);
	operation_finish(&daemon->claims, batch, now);
	claims_follow(&daemon->claims);
}

static bool refuse_pid(struct request *request, const char *why)
{
	request->parameter = "pid";
	request_answer(request, ANSWER_INVALID, "cannot live as long as process %" PRId64 ": %s",
		request->pid, why);
	return false;
}

/* Finds the processes that the request is about. False: it has its answer. */
static bool identify(struct call *call, struct request *request)
{
	const struct peer *peer = request->peer;
	int result = request->pid ? process_identify(request->pid, &request->process) : 0;

	if (result == PROCESS_GONE)
		return refuse_pid(request, "there is none of that number");
	if (result < 0)
		return refuse_pid(request, strerror(-result));
	if (request->life == LIFE_CONNECTION) /* if it is not found, its connection is watched */
		(void)process_identify_peer(service_call_descriptor(call), peer->pid, peer->uid,
			&request->client_process);
	return true;
}

static void answer(struct request *request)
{
	reply_request(request);
	request_free(request);
}

static void take_requests(struct daemon *daemon, int64_t now)
{
	int64_t end = clock_monotonic() + TAKE_SLICE;
	struct call *call;

	while (clock_monotonic() < end &&
		(call = service_take_change(daemon->service, CHANGE_REQUEST))) {
		struct request *request = service_read_request(call);

		if (request && identify(call, request))
			claims_request(&daemon->claims, request, now);
		else if (request)
			answer(request);
	}
}

static void take_ends(struct daemon *daemon)
{
	struct requests *requests = &daemon->requests;
	struct process process;
	uint64_t connection;

	while (requests->process_ended && processes_take_ended(requests->processes, &process))
		ending_process(&daemon->claims, &process);
	requests->process_ended = false;
	while (service_take_closed(daemon->service, &connection))
		ending_connection(&daemon->claims, connection);
}

static void write_decisions(struct daemon *daemon)
{
	struct batch *batch =
		store_is_writing(daemon->store) ? NULL : operation_take_batch(&daemon->claims);

	if (batch)
		store_write(daemon->store, batch);
}

static void watch_processes(struct daemon *daemon, int64_t now)
{
	struct requests *requests = &daemon->requests;
	struct process *wanted;
	int result;

	if (life_processes(&daemon->claims, &wanted, &requests->wanted_count)) {
		free(requests->wanted);
		requests->wanted = wanted;
	} else if (now < requests->watch_retry) {
		return;
	}
	result = processes_watch(requests->processes, requests->wanted, requests->wanted_count);
	if (result < 0 && requests->watch_retry == CLOCK_NEVER)
		log_error("cannot watch all processes that instances live as long as, will try "
			  "again: %s",
			strerror(-result));
	requests->watch_retry = result < 0 ? now + WATCH_RETRY : CLOCK_NEVER;
}

void requests_follow(struct daemon *daemon, int64_t now)
{
	apply_commits(daemon, now);
	take_requests(daemon, now);
	take_ends(daemon);
	claims_turn(&daemon->claims, now);
	write_decisions(daemon);
	watch_processes(daemon, now);
}

void requests_answer(struct daemon *daemon)
{
	struct request *request;

	while ((request = answer_take(&daemon->claims)))
		answer(request);
}

int64_t requests_deadline(const struct daemon *daemon)
{
	int64_t deadline = claims_deadline(&daemon->claims);

	return deadline < daemon->requests.watch_retry ? deadline : daemon->requests.watch_retry;
}
