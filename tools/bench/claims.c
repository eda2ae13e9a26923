/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims: the daemon's own socket, claims and store, with its thread, in this process
 * (lib/bureau.h); the clients in another; beside them lib/echo.h, which answers as soon as the same
 * rows are committed by the same statements to a database of the same pragmas in the same file
 * system.
 *
 * - trip: what a client waits for a Claim (and for its Release) and for the echo, in turns;
 * medians.
 * - rush: 100 clients ask at once: transactions and time for each claim.
 * - queue: CPU time of the loop's thread for a service (a release, the claim of the first that
 *   waits, and its coming back to the end) with 10, 100 and 1,000 that wait. Each reply is waited
 *   for on the connection whose turn it is, so any other order would end the bench.
 * - pair, event, leave: CPU time of the loop's thread for a claim and its release, a device's
 *   event, and a client that goes, while there are 10,000 instances, beside there being none.
 *
 * A thread's CPU time has what the store's thread does not: that is the trip's business.
 */
#include "base/clock.h"
#include "base/memory.h"
#include "lib/bureau.h"
#include "lib/claimants.h"
#include "lib/echo.h"
#include "lib/fleet.h"
#include "lib/measure.h"

#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIPS	  300
#define RUSHERS	  100
#define RUSHES	  15
#define INSTANCES 10000
#define ROUNDS	  9
#define SERVICES  40 /* in a round */
#define PAIRS	  40
#define EVENTS	  64

struct bench {
	struct bureau bureau;
	char folder[64];
	char echo_folder[80];
	char path[80];
	char echo_path[80];
	const char *place; /* name of the file system */
	unsigned devices;
	pid_t echo;
	struct claimants clients;
	bool reported;
	unsigned changes;
};

/* ---- the server's side */

static void on_report(void *context)
{
	*(bool *)context = true;
}

/* Has the clients do it, and serves them meanwhile. The CPU time of this thread, microseconds. */
static double have_done(
	struct bench *bench, enum errand errand, unsigned count, struct errand_report *ret_report)
{
	double start = measure_cpu();
	struct errand_report report;

	bench->reported = false;
	claimants_order(&bench->clients, errand, count);
	while (!bench->reported)
		bureau_advance(&bench->bureau);
	start = measure_cpu() - start;
	report = claimants_report(&bench->clients);
	if (ret_report)
		*ret_report = report;
	return start;
}

static void add_devices(struct bench *bench, unsigned count)
{
	struct claims *claims = bench->bureau.claims;

	for (unsigned i = 0; i < count; i++) {
		if (i % 64 == 0)
			devices_see(claims->devices,
				fleet_physical_function(claims->devices->pool, i / 64));
		devices_see(
			claims->devices, fleet_virtual_function(claims->devices->pool, i, "iavf"));
	}
}

static void begin(struct bench *bench, const char *parent, const char *place, unsigned devices)
{
	*bench = (struct bench){.place = place, .devices = devices};
	snprintf(bench->folder, sizeof(bench->folder), "%s/claims-XXXXXX", parent);
	if (!mkdtemp(bench->folder))
		abort();
	snprintf(bench->path, sizeof(bench->path), "%s/socket", bench->folder);
	snprintf(bench->echo_folder, sizeof(bench->echo_folder), "%s/echo", bench->folder);
	snprintf(bench->echo_path, sizeof(bench->echo_path), "%s/echo-socket", bench->folder);
	bench->echo = echo_start(bench->echo_folder, bench->echo_path);
	bureau_init(&bench->bureau, bench->folder, bench->path, fleet_rules);
	claimants_start(&bench->clients, bench->path, bench->echo_path);
	if (loop_watch(bench->bureau.loop, bench->clients.reports, on_report, &bench->reported) < 0)
		abort();
	add_devices(bench, devices);
	bureau_open(&bench->bureau);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *at)
{
	(void)status;
	(void)type;
	(void)at;
	return remove(path);
}

static void end(struct bench *bench)
{
	claimants_end(&bench->clients);
	echo_end(bench->echo);
	bureau_done(&bench->bureau);
	nftw(bench->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- what is measured */

static void print_trip(const struct bench *bench, const char *call, double ours, double theirs)
{
	printf("{\"bench\":\"claims\",\"what\":\"%s\",\"place\":\"%s\",\"devices\":%u,"
	       "\"trip_us\":%.0f,\"baseline\":\"echo-and-commit\",\"baseline_trip_us\":%.0f,"
	       "\"ratio\":%.2f,\"target\":1.3}\n",
		call, bench->place, bench->devices, ours, theirs, ours / theirs);
}

static void measure_trips(struct bench *bench)
{
	struct errand_report report;

	have_done(bench, ERRAND_TRIPS, 20, NULL);
	have_done(bench, ERRAND_TRIPS, TRIPS, &report);
	print_trip(bench, "Claim", report.claim, report.echo_claim);
	print_trip(bench, "Release", report.release, report.echo_release);
}

static void measure_rush(struct bench *bench)
{
	struct errand_report report;
	uint64_t before;
	double commits;

	have_done(bench, ERRAND_GATHER, RUSHERS, NULL);
	have_done(bench, ERRAND_RUSH, 2, NULL);
	before = bench->bureau.tellings;
	have_done(bench, ERRAND_RUSH, RUSHES, &report);
	/* a turn that tells something has one batch's news; the release of all is one of them */
	commits = (double)(bench->bureau.tellings - before) / RUSHES - 1;
	have_done(bench, ERRAND_LEAVE, 0, NULL);
	printf("{\"bench\":\"claims\",\"what\":\"at once\",\"place\":\"%s\",\"devices\":%u,"
	       "\"clients\":%d,\"us_per_claim\":%.1f,\"commits_per_claim\":%.3f,"
	       "\"target_commits_per_claim\":0.1}\n",
		bench->place, bench->devices, RUSHERS, report.claim, commits / RUSHERS);
}

static double pair_cost(struct bench *bench, enum errand errand)
{
	double rounds[ROUNDS];

	have_done(bench, errand, PAIRS / 4, NULL);
	for (unsigned i = 0; i < ROUNDS; i++)
		rounds[i] = have_done(bench, errand, PAIRS, NULL) / PAIRS;
	return measure_median(rounds, ROUNDS);
}

/* `EVENTS` devices from number `from` on lose one driver and get another, in one turn. */
static double events_cost(struct bench *bench, unsigned from)
{
	struct claims *claims = bench->bureau.claims;
	double rounds[ROUNDS * 5];

	for (unsigned i = 0; i < ROUNDS * 5; i++) {
		const char *driver = bench->changes++ & 1 ? "iavf" : "vfio-pci";
		double start = measure_cpu();

		for (unsigned k = 0; k < EVENTS; k++)
			devices_see(claims->devices,
				fleet_virtual_function(claims->devices->pool, from + k, driver));
		bureau_turn(&bench->bureau);
		rounds[i] = (measure_cpu() - start) / EVENTS;
	}
	return measure_median(rounds, ROUNDS * 5);
}

static double leave_cost(struct bench *bench)
{
	double rounds[ROUNDS];

	for (unsigned i = 0; i < ROUNDS; i++) {
		have_done(bench, ERRAND_GATHER, RUSHERS, NULL);
		have_done(bench, ERRAND_RUSH, 1, NULL);
		rounds[i] = have_done(bench, ERRAND_LEAVE, 0, NULL) / RUSHERS;
	}
	return measure_median(rounds, ROUNDS);
}

struct costs {
	double pair;
	double bound_pair;
	double leave;
	double event;
};

static struct costs measure_costs(struct bench *bench)
{
	return (struct costs){.pair = pair_cost(bench, ERRAND_PAIRS),
		.bound_pair = pair_cost(bench, ERRAND_BOUND_PAIRS),
		.leave = leave_cost(bench),
		.event = events_cost(bench, bench->devices - EVENTS)};
}

/* `target` is a member of JSON, or nothing: a figure to watch. */
static void print_cost(
	const struct bench *bench, const char *what, double many, double none, const char *target)
{
	printf("{\"bench\":\"claims\",\"what\":\"%s\",\"instances\":%d,\"devices\":%u,"
	       "\"cpu_us\":%.2f,\"baseline\":\"no-instances\",\"baseline_cpu_us\":%.2f,"
	       "\"ratio\":%.2f%s}\n",
		what, INSTANCES, bench->devices, many, none, many / none, target);
}

static void measure_many(struct bench *bench)
{
	struct costs none = measure_costs(bench);
	struct costs many;
	double held;

	have_done(bench, ERRAND_FILL, INSTANCES, NULL);
	many = measure_costs(bench);
	held = events_cost(bench, 0);
	print_cost(bench, "pair", many.pair, none.pair, "");
	print_cost(bench, "pair with process", many.bound_pair, none.bound_pair, "");
	print_cost(bench, "leave", many.leave, none.leave, ",\"target\":1.5");
	print_cost(bench, "event", many.event, none.event, ",\"target\":1.2");
	print_cost(bench, "event of an instance", held, none.event, ",\"target\":1.5");
}

static double queue_cost(struct bench *bench, unsigned waiting)
{
	double rounds[ROUNDS];

	have_done(bench, ERRAND_GATHER, waiting, NULL);
	have_done(bench, ERRAND_WAIT, 0, NULL);
	have_done(bench, ERRAND_SERVICES, SERVICES / 4, NULL);
	for (unsigned i = 0; i < ROUNDS; i++)
		rounds[i] = have_done(bench, ERRAND_SERVICES, SERVICES, NULL) / SERVICES;
	return measure_median(rounds, ROUNDS);
}

static void measure_queue(struct bench *bench)
{
	static const unsigned lengths[] = {10, 100, 1000};
	double service[3];
	double events[3];

	have_done(bench, ERRAND_FILL, bench->devices - INSTANCES, NULL);
	for (unsigned i = 0; i < 3; i++) {
		double none = events_cost(bench, 0);

		service[i] = queue_cost(bench, lengths[i]);
		events[i] = events_cost(bench, 0);
		have_done(bench, ERRAND_LEAVE, 0, NULL);
		printf("{\"bench\":\"claims\",\"what\":\"service\",\"waiting\":%u,"
		       "\"instances\":%u,\"cpu_us\":%.1f,\"baseline\":\"10-waiting\","
		       "\"baseline_cpu_us\":%.1f,\"ratio\":%.2f,\"target\":1.2}\n",
			lengths[i], bench->devices, service[i], service[0],
			service[i] / service[0]);
		printf("{\"bench\":\"claims\",\"what\":\"event\",\"waiting\":%u,"
		       "\"instances\":%u,\"cpu_us\":%.2f,\"baseline\":\"none-waiting\","
		       "\"baseline_cpu_us\":%.2f,\"ratio\":%.2f,\"target\":1.2}\n",
			lengths[i], bench->devices, events[i], none, events[i] / none);
	}
}

static void run_place(const char *parent, const char *place)
{
	static const unsigned sizes[] = {10, 1000, 10000};
	struct bench *bench = memory_allocate(sizeof(*bench));

	for (unsigned i = 0; i < 3; i++) {
		begin(bench, parent, place, sizes[i]);
		measure_trips(bench);
		if (sizes[i] >= RUSHERS)
			measure_rush(bench);
		end(bench);
	}
	free(bench);
}

static void run_many(void)
{
	struct bench *bench = memory_allocate(sizeof(*bench));

	begin(bench, "/dev/shm", "tmpfs", INSTANCES + 256);
	measure_many(bench);
	measure_queue(bench);
	end(bench);
	free(bench);
}

/* Before there is a process or thread more: a wake-up of another core costs what it likes. */
static void use_one_core(void)
{
	cpu_set_t core;

	CPU_ZERO(&core);
	CPU_SET(sched_getcpu(), &core);
	sched_setaffinity(0, sizeof(core), &core);
}

int main(void)
{
	const char *build = getenv("BUILD") ? getenv("BUILD") : "build";
	struct rlimit files;

	use_one_core();
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	signal(SIGPIPE, SIG_IGN);
	run_place(build, "build");
	run_place("/dev/shm", "tmpfs");
	run_many();
	return 0;
}
