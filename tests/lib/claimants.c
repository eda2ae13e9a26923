/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/claimants.h"

#include "base/clock.h"
#include "base/memory.h"
#include "lib/line.h"
#include "lib/measure.h"

#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_LINES 1000
#define MOST_TIMES 1000 /* of one errand */

static void check(bool condition, const char *what)
{
	if (condition)
		return;
	perror(what);
	abort();
}

struct clients {
	struct line desk;
	struct line echo;
	struct line *lines;
	unsigned count;
	unsigned first; /* the line that has waited longest */
	int64_t held;	/* the instance that the next service releases */
	const char *path;
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

static struct errand_report make_trips(struct clients *clients, unsigned count)
{
	double times[4][MOST_TIMES];
	struct errand_report report;

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

static struct errand_report rush(struct clients *clients, unsigned count)
{
	double times[MOST_TIMES];
	struct errand_report report = {0};

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
		line_open(&clients->lines[clients->count++], clients->path);
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

static struct errand_report carry_out(struct clients *clients, const struct errand_order *order)
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
	return (struct errand_report){0};
}

static _Noreturn void live(struct clients *clients, const char *echo_path, int orders, int reports)
{
	struct errand_order order;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	clients->lines = memory_allocate(MOST_LINES * sizeof(*clients->lines));
	line_open(&clients->desk, clients->path);
	line_open(&clients->echo, echo_path);
	while (read(orders, &order, sizeof(order)) == sizeof(order)) {
		struct errand_report report = carry_out(clients, &order);

		check(write(reports, &report, sizeof(report)) == sizeof(report), "write");
	}
	_exit(0);
}

void claimants_start(struct claimants *claimants, const char *path, const char *echo_path)
{
	struct clients clients = {.path = path};
	int orders[2];
	int reports[2];

	check(pipe(orders) == 0 && pipe(reports) == 0, "pipe");
	fflush(stdout);
	claimants->process = fork();
	check(claimants->process >= 0, "fork");
	if (claimants->process == 0) {
		close(orders[1]);
		live(&clients, echo_path, orders[0], reports[1]);
	}
	close(orders[0]);
	close(reports[1]);
	claimants->orders = orders[1];
	claimants->reports = reports[0];
}

void claimants_end(struct claimants *claimants)
{
	close(claimants->orders);
	close(claimants->reports);
	kill(claimants->process, SIGKILL);
	waitpid(claimants->process, NULL, 0);
}

void claimants_order(struct claimants *claimants, enum errand errand, unsigned count)
{
	struct errand_order order = {errand, count};

	check(write(claimants->orders, &order, sizeof(order)) == sizeof(order), "write");
}

struct errand_report claimants_report(struct claimants *claimants)
{
	struct errand_report report;

	check(read(claimants->reports, &report, sizeof(report)) == sizeof(report), "read");
	return report;
}
