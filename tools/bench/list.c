/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists and snapshots of 10,000 devices: how long the longest turn holds the loop while 1, 16
 * and 100 clients ask at once, what a list costs, and when its first and last byte arrive.
 *
 * A turn's length is the CPU time of the thread from wait to wait: this machine's neighbours take
 * the core away at will, which no program can help; the longest by the clock is shown beside it.
 * What the host steals may count as CPU time all the same; `stolen_ms` says how much it was.
 * The clients are another process. Before each round a device changes, so that no snapshot of the
 * round before is there to be shared.
 */
#include "base/clock.h"
#include "lib/crowd.h"
#include "lib/fleet.h"
#include "lib/measure.h"
#include "lib/station.h"

#include <stdio.h>
#include <stdlib.h>

#define DEVICES 10000
#define ROUNDS	5
#define TARGET	10.0 /* milliseconds */

struct way {
	const char *name;
	const char *call;
	uint64_t replies;
};

struct bench {
	struct station station;
	struct crowd crowd;
	bool reported;
};

struct figures {
	double turn[ROUNDS]; /* longest, by CPU time; all in milliseconds */
	double clock[ROUNDS];
	double cpu[ROUNDS];
	double first[ROUNDS];
	double last[ROUNDS];
};

static void on_report(void *context)
{
	*(bool *)context = true;
}

static void keep_larger(double *largest, double value)
{
	if (value > *largest)
		*largest = value;
}

static void turn(struct station *station, struct figures *figures, unsigned round)
{
	double start = measure_cpu();
	int64_t begin;
	double took;

	station_wait(station);
	begin = clock_monotonic();
	station_serve(station);
	keep_larger(&figures->clock[round], (double)(clock_monotonic() - begin) / 1e3);
	took = (measure_cpu() - start) / 1e3;
	figures->cpu[round] += took;
	keep_larger(&figures->turn[round], took);
}

static void change_a_device(struct station *station, unsigned round)
{
	struct claims *claims = &station->world.claims;

	devices_see(claims->devices,
		fleet_virtual_function(claims->devices->pool, 0, round & 1 ? "iavf" : "vfio-pci"));
	station_publish(station);
}

static void gather(struct bench *bench, unsigned clients)
{
	struct station *station = &bench->station;
	uint64_t accepted = station->status.counters.values[COUNTER_CONNECTIONS_ACCEPTED] + clients;

	crowd_gather(&bench->crowd, clients);
	while (station->status.counters.values[COUNTER_CONNECTIONS_ACCEPTED] < accepted ||
		station->status.connections > clients) {
		station_wait(station);
		station_serve(station);
	}
	crowd_report(&bench->crowd);
}

static void run_round(struct bench *bench, const struct way *way, unsigned clients,
	struct figures *figures, unsigned round)
{
	struct crowd_report report;

	change_a_device(&bench->station, round);
	gather(bench, clients);
	bench->reported = false;
	if (loop_watch(bench->station.loop, bench->crowd.reports, on_report, &bench->reported) < 0)
		abort();
	crowd_order(&bench->crowd, way->replies, way->call);
	while (!bench->reported)
		turn(&bench->station, figures, round);
	report = crowd_report(&bench->crowd);
	figures->first[round] = (double)report.first / 1e3;
	figures->last[round] = (double)report.last / 1e3;
	loop_unwatch(bench->station.loop, bench->crowd.reports);
}

static void run(struct bench *bench, const struct way *way, unsigned clients)
{
	struct figures figures = {0};
	double stolen = measure_stolen();
	double longest;

	for (unsigned round = 0; round < ROUNDS; round++)
		run_round(bench, way, clients, &figures, round);
	longest = measure_largest(figures.turn, ROUNDS);
	stolen = measure_stolen() - stolen;
	printf("{\"bench\":\"list\",\"way\":\"%s\",\"devices\":%d,\"clients\":%u,"
	       "\"longest_turn_cpu_ms\":%.2f,\"median_longest_turn_cpu_ms\":%.2f,"
	       "\"median_longest_turn_clock_ms\":%.2f,\"cpu_ms_per_list\":%.2f,"
	       "\"first_byte_ms\":%.2f,\"last_byte_ms\":%.2f,\"stolen_ms\":%.0f,\"target\":%.0f}\n",
		way->name, DEVICES, clients, longest, measure_median(figures.turn, ROUNDS),
		measure_median(figures.clock, ROUNDS),
		measure_median(figures.cpu, ROUNDS) / clients,
		measure_median(figures.first, ROUNDS), measure_median(figures.last, ROUNDS), stolen,
		TARGET);
}

int main(void)
{
	static const struct way ways[] = {
		{"ListDevices", "{\"method\":\"org.hostdevd.ListDevices\"}", 1},
		{"ListDevices in parts", "{\"method\":\"org.hostdevd.ListDevices\",\"more\":true}",
			(DEVICES + 255) / 256},
		{"Watch snapshot",
			"{\"method\":\"org.hostdevd.Watch\",\"more\":true,"
			"\"parameters\":{\"snapshot\":true}}",
			2 * DEVICES + 1},
	};
	struct bench bench;
	struct claims *claims = &bench.station.world.claims;

	station_init(&bench.station, fleet_rules);
	crowd_start(&bench.crowd, bench.station.path);
	for (unsigned i = 0; i < DEVICES; i++)
		devices_see(
			claims->devices, fleet_virtual_function(claims->devices->pool, i, "iavf"));
	station_publish(&bench.station);
	station_listen(&bench.station);
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		run(&bench, &ways[i], 1);
		run(&bench, &ways[i], 16);
		run(&bench, &ways[i], 100);
	}
	crowd_end(&bench.crowd);
	station_done(&bench.station);
	return 0;
}
