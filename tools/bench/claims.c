/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims: the daemon's own socket, core and store, with its thread, in this process (lib/bureau.h);
 * the clients in another; beside them lib/echo.h, which answers as soon as the same rows are
 * committed by the same statements to a database of the same pragmas in the same file system.
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
#include "lib/echo.h"
#include "lib/fleet.h"
#include "lib/line.h"
#include "lib/measure.h"

#include <ftw.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRIPS	  300
#define RUSHERS	  100
#define RUSHES	  15
#define INSTANCES 10000
#define ROUNDS	  9
#define SERVICES  40 /* in a round */
#define PAIRS	  40
#define EVENTS	  64
#define MOST	  1000 /* lines */

enum errand {
	ERRAND_FILL,	    /* claim `count` devices */
	ERRAND_TRIPS,	    /* claim and release, of the daemon and of the echo */
	ERRAND_RUSH,	    /* all lines claim at once */
	ERRAND_GATHER,	    /* as many lines */
	ERRAND_WAIT,	    /* they queue up behind each other */
	ERRAND_SERVICES,    /* what is held is released, the first line gets it and waits again */
	ERRAND_LEAVE,	    /* all lines are closed */
	ERRAND_PAIRS,	    /* claim and release */
	ERRAND_BOUND_PAIRS, /* the same with a process to live as long as */
};

struct order {
	enum errand errand;
	unsigned count;
};

/* Microseconds that a client waited, medians. */
struct report {
	double claim;
	double release;
	double echo_claim;
	double echo_release;
};

struct bench {
	struct bureau bureau;
	char folder[64];
	char echo_folder[80];
	char path[80];
	char echo_path[80];
	const char *place; /* name of the file system */
	unsigned devices;
	pid_t echo;
	pid_t clients;
	int orders;
	int reports;
	bool reported;
	unsigned changes;
};

/* ---- the clients' process */

struct clients {
	struct line desk;
	struct line echo;
	struct line *lines;
	unsigned count;
	unsigned first; /* the line that has waited longest */
	int64_t held;	/* the instance that the next service releases */
	const struct bench *bench;
};

static const char claim_call[] = "{\"method\":\"org.hostdevd.Claim\",\"parameters\":"
				 "{\"group\":\"e810-vf\",\"vm\":\"bench\"}}";
static const char release_call[] = "{\"method\":\"org.hostdevd.Release\",\"parameters\":"
				   "{\"vm\":\"bench\"}}";
static const char wait_call[] = "{\"method\":\"org.hostdevd.Claim\",\"parameters\":"
				"{\"group\":\"e810-vf\",\"vm\":\"queue\",\"wait_ms\":600000}}";
static const char nothing_call[] = "{\"method\":\"org.varlink.service.GetInfo\"}";

/* The number of the first instance in a reply. */
static int64_t instance_in(const char *reply)
{
	const char *id = strstr(reply, "\"i-");

	if (!id) {
		fprintf(stderr, "claims: %s\n", reply);
		abort();
	}
	return strtoll(id + 3, NULL, 10);
}

static void fill(struct clients *clients, unsigned count)
{
	while (count > 0) {
		unsigned some = count < 1000 ? count : 1000;
		char call[200];

		snprintf(call, sizeof(call),
			"{\"method\":\"org.hostdevd.Claim\",\"parameters\":{\"group\":\"e810-vf\","
			"\"vm\":\"fleet\",\"count\":%u,\"pid\":%d}}",
			some, (int)getpid());
		line_call(&clients->desk, call);
		clients->held = instance_in(clients->desk.reply);
		count -= some;
	}
}

static double timed_claim(struct line *line)
{
	double took = line_call(line, claim_call);

	instance_in(line->reply);
	return took;
}

static struct report make_trips(struct clients *clients, unsigned count)
{
	double times[4][TRIPS];
	struct report report;

	for (unsigned i = 0; i < count; i++) {
		times[0][i] = timed_claim(&clients->desk);
		times[2][i] = line_call(&clients->echo, claim_call);
		times[1][i] = line_call(&clients->desk, release_call);
		times[3][i] = line_call(&clients->echo, release_call);
	}
	report.claim = measure_median(times[0], count);
	report.release = measure_median(times[1], count);
	report.echo_claim = measure_median(times[2], count);
	report.echo_release = measure_median(times[3], count);
	return report;
}

static struct report rush(struct clients *clients, unsigned count)
{
	double times[RUSHES];
	struct report report = {0};

	for (unsigned i = 0; i < count; i++) {
		int64_t start = clock_monotonic();

		for (unsigned k = 0; k < clients->count; k++)
			line_send(&clients->lines[k], claim_call);
		for (unsigned k = 0; k < clients->count; k++)
			instance_in(line_receive(&clients->lines[k]));
		times[i] = (double)(clock_monotonic() - start) / clients->count;
		line_call(&clients->desk, release_call);
	}
	report.claim = measure_median(times, count);
	return report;
}

static void leave(struct clients *clients)
{
	for (unsigned i = 0; i < clients->count; i++)
		line_close(&clients->lines[i]);
	clients->count = 0;
}

static void gather(struct clients *clients, unsigned count)
{
	while (clients->count < count)
		line_open(&clients->lines[clients->count++], clients->bench->path);
	clients->first = 0;
}

/* The desk's call is answered after the line's was taken: nobody stands where another came first.
 */
static void queue_up(struct clients *clients)
{
	for (unsigned i = 0; i < clients->count; i++) {
		line_send(&clients->lines[i], wait_call);
		line_call(&clients->desk, nothing_call);
	}
}

static void release(struct clients *clients, int64_t number)
{
	char call[120];

	snprintf(call, sizeof(call),
		"{\"method\":\"org.hostdevd.Release\",\"parameters\":"
		"{\"instance\":\"i-%" PRId64 "\",\"force\":true}}",
		number);
	line_call(&clients->desk, call);
}

static void serve(struct clients *clients, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct line *first = &clients->lines[clients->first];

		release(clients, clients->held);
		clients->held = instance_in(line_receive(first));
		line_send(first, wait_call);
		clients->first = (clients->first + 1) % clients->count;
	}
}

static void make_pairs(struct clients *clients, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		timed_claim(&clients->desk);
		line_call(&clients->desk, release_call);
	}
}

static void make_bound_pairs(struct clients *clients, unsigned count)
{
	char call[200];

	snprintf(call, sizeof(call),
		"{\"method\":\"org.hostdevd.Claim\",\"parameters\":{\"group\":\"e810-vf\","
		"\"vm\":\"bench\",\"pid\":%d}}",
		(int)getppid());
	for (unsigned i = 0; i < count; i++) {
		line_call(&clients->desk, call);
		release(clients, instance_in(clients->desk.reply));
	}
}

static struct report carry_out(struct clients *clients, const struct order *order)
{
	switch (order->errand) {
	case ERRAND_FILL:
		fill(clients, order->count);
		break;
	case ERRAND_TRIPS:
		return make_trips(clients, order->count);
	case ERRAND_RUSH:
		return rush(clients, order->count);
	case ERRAND_GATHER:
		gather(clients, order->count);
		line_call(&clients->desk, nothing_call);
		break;
	case ERRAND_WAIT:
		queue_up(clients);
		break;
	case ERRAND_SERVICES:
		serve(clients, order->count);
		break;
	case ERRAND_LEAVE:
		leave(clients);
		line_call(&clients->desk, nothing_call);
		break;
	case ERRAND_PAIRS:
		make_pairs(clients, order->count);
		break;
	case ERRAND_BOUND_PAIRS:
		make_bound_pairs(clients, order->count);
		break;
	}
	return (struct report){0};
}

static _Noreturn void live(const struct bench *bench, int orders, int reports)
{
	struct clients clients = {.bench = bench};
	struct order order;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	clients.lines = memory_allocate(MOST * sizeof(*clients.lines));
	line_open(&clients.desk, bench->path);
	line_open(&clients.echo, bench->echo_path);
	while (read(orders, &order, sizeof(order)) == sizeof(order)) {
		struct report report = carry_out(&clients, &order);

		if (write(reports, &report, sizeof(report)) != sizeof(report))
			abort();
	}
	_exit(0);
}

/* ---- the server's side */

static void start_clients(struct bench *bench)
{
	int orders[2];
	int reports[2];

	if (pipe(orders) < 0 || pipe(reports) < 0)
		abort();
	fflush(stdout);
	bench->clients = fork();
	if (bench->clients < 0)
		abort();
	if (bench->clients == 0) {
		close(orders[1]);
		live(bench, orders[0], reports[1]);
	}
	close(orders[0]);
	close(reports[1]);
	bench->orders = orders[1];
	bench->reports = reports[0];
}

static void on_report(void *context)
{
	*(bool *)context = true;
}

/* Has the clients do it, and serves them meanwhile. The CPU time of this thread, microseconds. */
static double have_done(
	struct bench *bench, enum errand errand, unsigned count, struct report *ret_report)
{
	struct order order = {errand, count};
	double start = measure_cpu();
	struct report report;

	bench->reported = false;
	if (write(bench->orders, &order, sizeof(order)) != sizeof(order))
		abort();
	while (!bench->reported)
		bureau_advance(&bench->bureau);
	start = measure_cpu() - start;
	if (read(bench->reports, &report, sizeof(report)) != sizeof(report))
		abort();
	if (ret_report)
		*ret_report = report;
	return start;
}

static void add_devices(struct bench *bench, unsigned count)
{
	struct core *core = bench->bureau.core;

	for (unsigned i = 0; i < count; i++) {
		if (i % 64 == 0)
			core_see(core, fleet_physical_function(core->pool, i / 64));
		core_see(core, fleet_virtual_function(core->pool, i, "iavf"));
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
	start_clients(bench);
	if (loop_watch(bench->bureau.loop, bench->reports, on_report, &bench->reported) < 0)
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
	close(bench->orders);
	close(bench->reports);
	kill(bench->clients, SIGKILL);
	waitpid(bench->clients, NULL, 0);
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
	struct report report;

	have_done(bench, ERRAND_TRIPS, 20, NULL);
	have_done(bench, ERRAND_TRIPS, TRIPS, &report);
	print_trip(bench, "Claim", report.claim, report.echo_claim);
	print_trip(bench, "Release", report.release, report.echo_release);
}

static void measure_rush(struct bench *bench)
{
	struct report report;
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
	struct core *core = bench->bureau.core;
	double rounds[ROUNDS * 5];

	for (unsigned i = 0; i < ROUNDS * 5; i++) {
		const char *driver = bench->changes++ & 1 ? "iavf" : "vfio-pci";
		double start = measure_cpu();

		for (unsigned k = 0; k < EVENTS; k++)
			core_see(core, fleet_virtual_function(core->pool, from + k, driver));
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

static void print_cost(const char *what, unsigned devices, double many, double none, double target)
{
	printf("{\"bench\":\"claims\",\"what\":\"%s\",\"instances\":%d,\"devices\":%u,"
	       "\"cpu_us\":%.2f,\"baseline\":\"no-instances\",\"baseline_cpu_us\":%.2f,"
	       "\"ratio\":%.2f,\"target\":%.1f}\n",
		what, INSTANCES, devices, many, none, many / none, target);
}

static void measure_many(struct bench *bench)
{
	struct costs none = measure_costs(bench);
	struct costs many;
	double held;

	have_done(bench, ERRAND_FILL, INSTANCES, NULL);
	many = measure_costs(bench);
	held = events_cost(bench, 0);
	print_cost("pair", bench->devices, many.pair, none.pair, 1.5);
	print_cost("pair with process", bench->devices, many.bound_pair, none.bound_pair, 1.5);
	print_cost("leave", bench->devices, many.leave, none.leave, 1.5);
	print_cost("event", bench->devices, many.event, none.event, 1.2);
	print_cost("event of an instance", bench->devices, held, none.event, 3);
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
	static const unsigned lengths[] = {10, 100, MOST};
	double service[3];
	double events[3];
	double none;

	have_done(bench, ERRAND_FILL, bench->devices - INSTANCES, NULL);
	none = events_cost(bench, 0);
	for (unsigned i = 0; i < 3; i++) {
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
