/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory: what a device costs in an inventory of 10,000, what the service and a subscriber with a
 * snapshot add, and what an event in the history costs. `malloc` is what the allocator gave out,
 * its rounding and headers included; `rss` what the process grew by. Each case runs in a process of
 * its own, so that none finds memory that another left.
 */
#include "base/memory.h"
#include "io/socket/journal.h"
#include "lib/fleet.h"
#include "lib/measure.h"
#include "lib/station.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEVICES 10000
#define TARGET	2000 /* bytes */
#define BARE	700  /* of it, without the JSON text */
#define SLICE	50   /* devices that a turn looks at */
#define RING	65536

typedef struct facts *fleet_device(struct text_pool *pool, unsigned number, const char *driver);

struct usage {
	double malloc;
	double rss;
};

static struct usage measure_usage(void)
{
	FILE *statm = fopen("/proc/self/statm", "re");
	unsigned long resident;

	if (!statm || fscanf(statm, "%*u %lu", &resident) != 1)
		abort();
	fclose(statm);
	return (struct usage){
		(double)measure_memory(), (double)resident * (double)sysconf(_SC_PAGESIZE)};
}

static struct usage usage_since(struct usage before, unsigned count)
{
	struct usage now = measure_usage();

	return (struct usage){(now.malloc - before.malloc) / count, (now.rss - before.rss) / count};
}

/* With the header of the allocator. */
static double allocated(void *memory)
{
	return (double)malloc_usable_size(memory) + sizeof(size_t);
}

static void settle(struct claims *claims)
{
	struct delta delta = {0};

	claims_settle(claims, &delta);
	delta_done(&delta);
}

static void print_inventory(const struct claims *claims, const char *kind, struct usage each)
{
	const struct device *device = claims->devices->inventory.devices.items[DEVICES / 2];
	double json = allocated(device->now.json);
	double facts = allocated(device->now.facts);
	double self = allocated((void *)device);
	double index = (allocated(claims->devices->inventory.devices.items) +
			       allocated(claims->devices->pool->texts.slots)) /
		       DEVICES;

	printf("{\"bench\":\"memory\",\"what\":\"inventory\",\"kind\":\"%s\",\"devices\":%d,"
	       "\"text_length\":%u,\"malloc_bytes_per_device\":%.0f,\"of_it_text\":%.0f,"
	       "\"without_text\":%.0f,\"of_it_facts\":%.0f,\"of_it_device\":%.0f,"
	       "\"of_it_index\":%.0f,\"of_it_strings\":%.0f,\"rss_bytes_per_device\":%.0f,"
	       "\"target\":%d,\"target_without_text\":%d}\n",
		kind, DEVICES, device->now.json->length, each.malloc, json, each.malloc - json,
		facts, self, index, each.malloc - json - facts - self - index, each.rss, TARGET,
		BARE);
}

static void measure_inventory(const char *kind, fleet_device *make)
{
	struct world world;
	struct usage before;

	world_init(&world);
	world_set_rules(&world, fleet_rules);
	devices_see(&world.devices, make(&world.pool, DEVICES, "vfio-pci"));
	settle(&world.claims); /* what the first one needs is nobody's */
	before = measure_usage();
	for (unsigned i = 0; i < DEVICES; i++) {
		devices_see(&world.devices, make(&world.pool, i, "vfio-pci"));
		if (i % SLICE == SLICE - 1)
			settle(&world.claims);
	}
	print_inventory(&world.claims, kind, usage_since(before, DEVICES));
	world_done(&world);
}

static void measure_functions(void)
{
	measure_inventory("sriov-nic", fleet_virtual_function);
}

static void measure_headsets(void)
{
	measure_inventory("usb", fleet_headset);
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(descriptor, (struct sockaddr *)&address, sizeof(address)) < 0)
		abort();
	return descriptor;
}

static void print_subscriber(const char *when, struct usage each)
{
	printf("{\"bench\":\"memory\",\"what\":\"subscriber\",\"when\":\"%s\",\"devices\":%d,"
	       "\"malloc_bytes_per_device\":%.0f,\"rss_bytes_per_device\":%.0f}\n",
		when, DEVICES, each.malloc, each.rss);
}

/* Takes what comes until `messages` came; the usage as it was at its highest. */
static struct usage take_snapshot(struct station *station, int descriptor, unsigned messages)
{
	static char bytes[64 * 1024];
	struct usage highest = {0};

	while (messages > 0) {
		struct usage usage;
		ssize_t length;

		station_wait(station);
		station_serve(station);
		usage = measure_usage();
		if (usage.malloc > highest.malloc)
			highest = usage;
		while ((length = recv(descriptor, bytes, sizeof(bytes), 0)) > 0)
			for (ssize_t i = 0; i < length; i++)
				messages -= bytes[i] == '\0';
	}
	return highest;
}

static void fill_station(struct station *station)
{
	struct claims *claims = &station->world.claims;

	for (unsigned i = 0; i < DEVICES; i++) {
		devices_see(claims->devices,
			fleet_virtual_function(claims->devices->pool, i, "vfio-pci"));
		if (i % SLICE == SLICE - 1)
			station_publish(station);
	}
}

/* The whole after the first scan, and then with one subscriber. */
static void measure_subscriber(void)
{
	static const char call[] = "{\"method\":\"org.hostdevd.Watch\",\"more\":true,"
				   "\"parameters\":{\"snapshot\":true}}";
	struct usage before = measure_usage();
	struct usage highest;
	struct station station;
	int descriptor;

	station_init(&station, fleet_rules);
	fill_station(&station);
	station_listen(&station);
	print_subscriber("none yet", usage_since(before, DEVICES));
	descriptor = connect_to(station.path);
	if (send(descriptor, call, sizeof(call), 0) < 0)
		abort();
	highest = take_snapshot(&station, descriptor, 2 * DEVICES + 1);
	print_subscriber("while it takes its snapshot",
		(struct usage){(highest.malloc - before.malloc) / DEVICES,
			(highest.rss - before.rss) / DEVICES});
	print_subscriber("after its snapshot", usage_since(before, DEVICES));
	close(descriptor);
	station_done(&station);
}

static void print_history(const struct journal *journal, struct usage whole)
{
	uint64_t bytes = journal_bytes_from(journal, journal_oldest(journal));
	double count = (double)journal->count;

	printf("{\"bench\":\"memory\",\"what\":\"history\",\"events\":%zu,"
	       "\"length_per_event\":%.0f,\"malloc_bytes_per_event\":%.0f,"
	       "\"rss_bytes_per_event\":%.0f}\n",
		journal->count, (double)bytes / count, whole.malloc / count, whole.rss / count);
}

/* Devices that change their driver, until the ring is full. */
static void measure_history(void)
{
	struct world world;
	struct journal journal;
	struct usage before;

	world_init(&world);
	journal_init(&journal, RING, (size_t)64 * 1024 * 1024);
	devices_see(&world.devices, fleet_virtual_function(&world.pool, 0, "iavf"));
	settle(&world.claims);
	before = measure_usage();
	for (unsigned i = 0; i < RING; i++) {
		struct delta delta = {0};

		devices_see(&world.devices,
			fleet_virtual_function(&world.pool, 0, i & 1 ? "iavf" : "vfio-pci"));
		claims_settle(&world.claims, &delta);
		journal_add(&journal, delta.changes.items[0], i);
		delta_done(&delta);
	}
	print_history(&journal, usage_since(before, 1));
	journal_done(&journal);
	world_done(&world);
}

static void run_apart(void (*measure)(void))
{
	int status;
	pid_t process;

	fflush(stdout);
	process = fork();
	if (process == 0) {
		measure();
		fflush(stdout);
		_exit(0);
	}
	if (process < 0 || waitpid(process, &status, 0) < 0 || status != 0)
		abort();
}

int main(void)
{
	run_apart(measure_functions);
	run_apart(measure_headsets);
	run_apart(measure_subscriber);
	run_apart(measure_history);
	return 0;
}
