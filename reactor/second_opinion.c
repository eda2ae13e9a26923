/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libusb is asked in a turn of its own, when nothing is left to look at, and compared in the next
 * one, which has received whatever happened meanwhile. If that asked for looks, the two lists are
 * of different times: libusb is asked again, a few times; on a machine that never rests the next
 * scan tries again.
 *
 * It runs in the loop, not in a thread or a child: texts belong to the one thread, and only
 * hostdev-prepare forks. So it is bounded by MOST_DEVICES: at 0.2 ms a device it holds up the loop
 * for at most some 30 ms, after a scan that took longer. A host with more has no second opinion.
 */
#include "second_opinion.h"

#include "base/log.h"
#include "daemon.h"
#include "io/probe/opinion.h"

#include <string.h>

#define MOST_DEVICES  128
#define MOST_ATTEMPTS 8

void second_opinion_want(struct daemon *daemon)
{
	daemon->second_opinion.wanted = true;
	daemon->second_opinion.attempts = 0;
}

void second_opinion_done(struct second_opinion *opinion)
{
	opinions_done(&opinion->opinions);
	drift_done(&opinion->drift);
}

static bool is_quiet(const struct daemon *daemon)
{
	return !daemon->source_readable && !daemon->resync.wanted && !daemon->resync.running &&
	       looking_is_settled(&daemon->looks);
}

bool second_opinion_is_due(const struct daemon *daemon)
{
	return daemon->second_opinion.wanted && is_quiet(daemon);
}

static size_t count_devices(const struct inventory *inventory)
{
	size_t count = 0;

	for (size_t i = 0; i < inventory->devices.count; i++) {
		const struct device *device = inventory->devices.items[i];

		count += device->now.facts && (device->now.facts->kinds & KIND_MASK(KIND_USB));
	}
	return count;
}

static void ask(struct daemon *daemon)
{
	struct second_opinion *opinion = &daemon->second_opinion;
	size_t devices = count_devices(&daemon->devices.inventory);
	int result;

	opinion->wanted = opinion->attempts++ < MOST_ATTEMPTS && devices <= MOST_DEVICES;
	if (devices > MOST_DEVICES)
		log_notice("%zu USB devices are too many to compare with libusb's list", devices);
	if (!opinion->wanted)
		return;
	opinions_done(&opinion->opinions);
	result = opinion_list(&opinion->opinions);
	opinion->wanted = result == 0;
	opinion->listed = result == 0;
	opinion->looks = daemon->status.counters.values[COUNTER_LOOKS];
	if (result < 0)
		log_notice("libusb cannot list USB devices, to compare with sysfs: %s",
			strerror(-result));
}

static void compare(struct daemon *daemon)
{
	struct second_opinion *opinion = &daemon->second_opinion;
	struct vector told = {0};

	opinion->wanted = drift_compare(&opinion->drift, &daemon->devices.inventory,
		&opinion->opinions, &daemon->looks, &told);
	for (size_t i = 0; i < told.count; i++) {
		counter_add(&daemon->status.counters, COUNTER_DRIFT);
		log_warning("sysfs and libusb differ: %s", (const char *)told.items[i]);
		free(told.items[i]);
	}
	vector_done(&told);
	opinions_done(&opinion->opinions);
	opinion->listed = false;
}

void second_opinion_follow(struct daemon *daemon)
{
	struct second_opinion *opinion = &daemon->second_opinion;

	if (!second_opinion_is_due(daemon))
		return;
	if (opinion->listed && opinion->looks == daemon->status.counters.values[COUNTER_LOOKS])
		compare(daemon);
	else
		ask(daemon);
}
