/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fan-out: what it costs the server to tell 1, 100 and 1,000 subscribers of one event a turn, and
 * of bursts of 64, beside a server that keeps a bufferevent for each, in the same run. Both write
 * each event once, by the same code, and send the same bytes; readers are processes of their own.
 * The CPU time of the server's thread, from the change to the report that all have it, divided by
 * the events. Rounds of the two alternate; medians of the rounds.
 *
 * The baseline is no straw man: it has the bytes of a whole turn for each bufferevent_write, and
 * may write all of them at once (libevent's own limit of 16 KiB a write would cost it a turn each).
 */
#include "base/clock.h"
#include "base/memory.h"
#include "io/socket/journal.h"
#include "lib/crowd.h"
#include "lib/fleet.h"
#include "lib/measure.h"
#include "lib/station.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROUNDS	  9
#define DEVICES	  64
#define MOST_SIZE ((size_t)256 * 1024)

/* The server with a bufferevent a subscriber. */
struct rival {
	struct loop *loop;
	char path[64];
	int listener;
	struct journal journal;
	struct bufferevent *subscribers[1000];
	unsigned count;
};

/* One of the two, as the measuring sees it. */
struct side {
	struct crowd crowd;
	bool reported;
	double rounds[ROUNDS];
};

struct bench {
	struct station station;
	struct rival rival;
	struct side ours;
	struct side theirs;
	unsigned changes;
};

static void on_report(void *context)
{
	struct side *side = context;

	crowd_report(&side->crowd);
	side->reported = true;
}

static void on_rival_client(void *context)
{
	struct rival *rival = context;
	int descriptor = accept4(rival->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct bufferevent *subscriber;

	if (descriptor < 0)
		abort();
	subscriber =
		bufferevent_socket_new(loop_base(rival->loop), descriptor, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_set_max_single_write(subscriber, (ssize_t)MOST_SIZE);
	bufferevent_enable(subscriber, EV_READ | EV_WRITE);
	rival->subscribers[rival->count++] = subscriber;
}

/* Listens in `folder`. */
static void rival_init(struct rival *rival, const char *folder)
{
	struct listen_place place;

	snprintf(rival->path, sizeof(rival->path), "%s/rival", folder);
	if (loop_new(&rival->loop) < 0 ||
		listen_open(rival->path, &(gid_t){0}, &place, &rival->listener) < 0 ||
		loop_watch(rival->loop, rival->listener, on_rival_client, rival) < 0)
		abort();
	rival->count = 0;
	journal_init(&rival->journal, 65536, (size_t)64 * 1024 * 1024);
}

static void rival_done(struct rival *rival)
{
	for (unsigned i = 0; i < rival->count; i++)
		bufferevent_free(rival->subscribers[i]);
	journal_done(&rival->journal);
	loop_free(rival->loop);
	close(rival->listener);
}

static void rival_publish(struct rival *rival, const struct delta *delta)
{
	const struct filter everything = {0};
	struct journal_cursor cursor = {
		.next = rival->journal.last + 1,
		.last = rival->journal.last + delta->changes.count,
		.filter = &everything,
	};
	struct iovec run;

	for (size_t i = 0; i < delta->changes.count; i++)
		journal_add(&rival->journal, delta->changes.items[i], clock_real());
	while (journal_next(&rival->journal, &cursor, MOST_SIZE, &run))
		for (unsigned i = 0; i < rival->count; i++)
			bufferevent_write(rival->subscribers[i], run.iov_base, run.iov_len);
}

static double tell_ours(struct bench *bench, const struct delta *delta)
{
	double start;

	crowd_order(&bench->ours.crowd, delta->changes.count, "");
	bench->ours.reported = false;
	start = measure_cpu();
	service_publish(bench->station.service, delta);
	station_serve(&bench->station);
	while (!bench->ours.reported) {
		station_wait(&bench->station);
		station_serve(&bench->station);
	}
	return measure_cpu() - start;
}

static double tell_theirs(struct bench *bench, const struct delta *delta)
{
	double start;

	crowd_order(&bench->theirs.crowd, delta->changes.count, "");
	bench->theirs.reported = false;
	start = measure_cpu();
	rival_publish(&bench->rival, delta);
	while (!bench->theirs.reported)
		if (loop_wait(bench->rival.loop, CLOCK_NEVER) < 0)
			abort();
	return measure_cpu() - start;
}

/* As many devices as there are to be events lose one driver and get another. */
static void change_devices(struct bench *bench, unsigned count, struct delta *ret_delta)
{
	struct claims *claims = &bench->station.world.claims;
	const char *driver = bench->changes++ & 1 ? "iavf" : "vfio-pci";

	for (unsigned i = 0; i < count; i++)
		devices_see(
			claims->devices, fleet_virtual_function(claims->devices->pool, i, driver));
	claims_settle(claims, ret_delta);
	if (ret_delta->changes.count != count)
		abort();
}

static void run_round(struct bench *bench, unsigned round, unsigned events, unsigned turns)
{
	double ours = 0;
	double theirs = 0;

	for (unsigned i = 0; i < turns; i++) {
		struct delta delta = {0};

		change_devices(bench, events, &delta);
		if (i & 1) /* who comes second finds the change in the caches */
			theirs += tell_theirs(bench, &delta);
		ours += tell_ours(bench, &delta);
		if (!(i & 1))
			theirs += tell_theirs(bench, &delta);
		delta_done(&delta);
	}
	bench->ours.rounds[round] = ours / turns / events;
	bench->theirs.rounds[round] = theirs / turns / events;
}

static void measure(struct bench *bench, unsigned subscribers, unsigned events)
{
	unsigned turns = 4000 / subscribers / events + 2;
	double ours;
	double theirs;

	run_round(bench, 0, events, 2);
	for (unsigned round = 0; round < ROUNDS; round++)
		run_round(bench, round, events, turns);
	ours = measure_median(bench->ours.rounds, ROUNDS);
	theirs = measure_median(bench->theirs.rounds, ROUNDS);
	printf("{\"bench\":\"fan-out\",\"subscribers\":%u,\"events_per_turn\":%u,"
	       "\"cpu_us_per_event\":%.2f,\"baseline\":\"bufferevent-server\","
	       "\"baseline_cpu_us_per_event\":%.2f,\"ratio\":%.2f%s}\n",
		subscribers, events, ours, theirs, ours / theirs,
		subscribers == 1000 && events == 1 ? ",\"target\":0.6" : "");
}

static void gather_crowds(struct bench *bench, unsigned subscribers)
{
	struct station *station = &bench->station;
	struct rival *rival = &bench->rival;

	crowd_gather(&bench->ours.crowd, subscribers);
	crowd_gather(&bench->theirs.crowd, subscribers);
	while (station->status.connections < subscribers)
		station_wait(station);
	while (rival->count < subscribers)
		if (loop_wait(rival->loop, CLOCK_NEVER) < 0)
			abort();
	crowd_report(&bench->ours.crowd);
	crowd_report(&bench->theirs.crowd);
	if (loop_watch(station->loop, bench->ours.crowd.reports, on_report, &bench->ours) < 0 ||
		loop_watch(rival->loop, bench->theirs.crowd.reports, on_report, &bench->theirs) < 0)
		abort();
	crowd_order(&bench->ours.crowd, 1,
		"{\"method\":\"org.hostdevd.Watch\",\"parameters\":{},\"more\":true}");
	while (!bench->ours.reported) {
		station_wait(station);
		station_serve(station);
	}
}

static void add_devices(struct bench *bench)
{
	struct claims *claims = &bench->station.world.claims;
	struct delta delta = {0};

	for (unsigned i = 0; i < DEVICES; i++)
		devices_see(
			claims->devices, fleet_virtual_function(claims->devices->pool, i, "iavf"));
	claims_settle(claims, &delta);
	delta_done(&delta);
}

static void run(unsigned subscribers)
{
	struct bench *bench = memory_allocate(sizeof(*bench));

	station_init(&bench->station, fleet_rules);
	rival_init(&bench->rival, bench->station.folder);
	crowd_start(&bench->ours.crowd, bench->station.path);
	crowd_start(&bench->theirs.crowd, bench->rival.path);
	add_devices(bench);
	station_listen(&bench->station);
	gather_crowds(bench, subscribers);
	measure(bench, subscribers, 1);
	measure(bench, subscribers, DEVICES);
	crowd_end(&bench->ours.crowd);
	crowd_end(&bench->theirs.crowd);
	rival_done(&bench->rival);
	station_done(&bench->station);
	free(bench);
}

int main(void)
{
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	run(1);
	run(100);
	run(1000);
	return 0;
}
