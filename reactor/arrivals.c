/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "arrivals.h"

#include "base/clock.h"
#include "base/log.h"
#include "daemon.h"
#include "devices/topology.h"

#include <string.h>

/* A turn's share of looking; what is left waits for the next one, clients are served between. */
#define LOOK_SLICE (5 * CLOCK_MILLISECOND)

/* A source that gives nothing but errors is replaced at most so often. */
#define SOURCE_RETRY CLOCK_SECOND

/*
 * Looks at everything: what sysfs lists, and what we know and it may not list any more. A listing
 * that fails, as it may while devices vanish, says nothing about those it did not come to.
 */
void arrivals_scan(struct daemon *daemon, int64_t now)
{
	const struct vector *devices = &daemon->devices.inventory.devices;
	int result = probe_walk(&daemon->looks);

	if (result < 0 && !daemon->scan_failed)
		log_error("cannot list devices, will try again: %s", strerror(-result));
	daemon->scan_failed = result < 0;
	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = devices->items[i];

		looking_add(&daemon->looks, device->id->bytes, CLOCK_NEVER);
	}
	looking_wake(&daemon->looks, CLOCK_NEVER); /* everything: what was put off too */
	looking_forget_properties(&daemon->looks);
	resync_begin(&daemon->resync, daemon->looks.by_id.count, now);
	if (daemon->scan_failed)
		resync_want(&daemon->resync, now);
}

static void note_loss(struct daemon *daemon, const char *what, int64_t now)
{
	if (!daemon->resync.wanted)
		log_warning("%s: will look at every device again", what);
	resync_want(&daemon->resync, now);
}

/* udevd fell silent, or speaks again. */
static void follow_source(struct daemon *daemon, int64_t now)
{
	const char *state = source_state(daemon->source);

	if (state == daemon->status.monitor)
		return;
	if (strcmp(state, "udev") == 0)
		log_notice("udevd repeats the kernel's events again: taking them from it");
	else
		log_warning("udevd does not repeat the kernel's events (is it stopped, or in "
			    "another network namespace?): taking them from the kernel");
	daemon->status.monitor = state;
	resync_want(&daemon->resync, now);
}

static void receive_events(struct daemon *daemon, int64_t now)
{
	if (daemon->source_retry != CLOCK_NEVER ||
		(!daemon->source_readable && now < source_deadline(daemon->source)))
		return;
	resync_postpone(&daemon->resync, now);
	switch (source_read(daemon->source, &daemon->devices.ruleset->properties, &daemon->looks)) {
	case 0:
		daemon->source_readable = false;
		break;
	case SOURCE_LOST:
		note_loss(daemon, "events were lost", now);
		break;
	case SOURCE_BROKEN:
		log_error("the event socket gives nothing but errors: opening another one");
		daemon_unwatch_source(daemon);
		daemon->source_readable = false;
		daemon->source_retry = now + SOURCE_RETRY;
		break;
	}
	follow_source(daemon, now);
}

void arrivals_receive(struct daemon *daemon, int64_t now)
{
	if (now >= daemon->source_retry)
		daemon->source_retry =
			daemon_renew_source(daemon) < 0 ? now + SOURCE_RETRY : CLOCK_NEVER;
	receive_events(daemon, now);
}

/* The properties of a device: brought by its event, known from before, or from the database. */
static void add_device_properties(
	struct daemon *daemon, const struct look *look, struct facts *facts)
{
	const struct vector *keys = &daemon->devices.ruleset->properties;
	const struct device *known = devices_find(&daemon->devices, look->id->bytes);

	if (look->properties_state == LOOK_PROPERTIES_BROUGHT)
		property_list_copy(&facts->properties, &look->properties);
	else if (look->properties_state == LOOK_PROPERTIES_KEPT && known &&
		 known->now.facts->life == facts->life)
		property_list_copy(&facts->properties, &known->now.facts->properties);
	else
		source_read_properties(
			daemon->source, look->id->bytes, keys, &daemon->pool, &facts->properties);
}

/* vGPU candidates have the properties of the function that carries them. */
static void add_properties(struct daemon *daemon, const struct look *look, struct vector *found)
{
	struct facts *carrier = found->items[0];

	if (daemon->devices.ruleset->properties.count == 0)
		return;
	add_device_properties(daemon, look, carrier);
	for (size_t i = 1; i < found->count; i++) {
		struct facts *candidate = found->items[i];

		property_list_copy(&candidate->properties, &carrier->properties);
	}
}

static void add_dependents(
	struct daemon *daemon, const struct look *look, const struct facts *facts)
{
	if (!look->derived)
		topology_add_dependents(
			&daemon->devices.inventory, facts, look->since, &daemon->looks);
}

/* What was known counts too: a function that makes no vGPUs any more leaves room on its board. */
static void see_devices(struct daemon *daemon, const struct look *look, struct vector *found)
{
	const struct device *known = devices_find(&daemon->devices, look->id->bytes);
	const struct facts *facts = found->items[0];

	add_properties(daemon, look, found);
	if (known && known->now.facts->offers_vgpus && !facts->offers_vgpus)
		add_dependents(daemon, look, known->now.facts);
	add_dependents(daemon, look, facts);
	devices_see_all(&daemon->devices, found);
}

static void lose_device(struct daemon *daemon, const struct look *look)
{
	const struct device *known = devices_find(&daemon->devices, look->id->bytes);

	if (known)
		add_dependents(daemon, look, known->now.facts);
	devices_lose(&daemon->devices, look->id->bytes);
}

static void take_step(struct daemon *daemon, const struct look *look, enum look_step step,
	struct vector *found, int64_t now)
{
	switch (step) {
	case LOOK_STEP_SEE:
		see_devices(daemon, look, found);
		return;
	case LOOK_STEP_LOSE:
		lose_device(daemon, look);
		return;
	case LOOK_STEP_WAIT:
		break;
	case LOOK_STEP_RESYNC:
		note_loss(daemon, "a device could not be read", now);
		devices_doubt(&daemon->devices, look->id->bytes);
		break;
	case LOOK_STEP_DOUBT:
		devices_doubt(&daemon->devices, look->id->bytes);
		break;
	}
	counter_add(&daemon->status.counters, COUNTER_INCOMPLETE_LOOKS);
	facts_list_done(found);
}

static void look_at_device(struct daemon *daemon, struct look *look, int64_t now)
{
	const struct device *device = devices_find(&daemon->devices, look->id->bytes);
	const struct facts *known = device ? device->now.facts : NULL;
	size_t touched = daemon->devices.touched.count;
	struct vector found = {0};
	int result = probe_look(daemon->probe, look->id, look_keeps(look, device), &found);
	enum look_step step =
		look_judge(look, result, known, found.count > 0 ? found.items[0] : NULL, now);

	counter_add(&daemon->status.counters, COUNTER_LOOKS);
	take_step(daemon, look, step, &found, now);
	if (daemon->devices.touched.count > touched && look->since < daemon->turn_since)
		daemon->turn_since = look->since;
	looking_return(&daemon->looks, look, now);
}

void arrivals_look(struct daemon *daemon)
{
	int64_t now = clock_monotonic(); /* a slice of its own: receiving must not starve it */
	struct look *look;

	looking_wake(&daemon->looks, now);
	while (clock_monotonic() - now < LOOK_SLICE && (look = looking_take(&daemon->looks))) {
		resync_advance(&daemon->resync);
		look_at_device(daemon, look, now);
	}
}

/*
 * Only one that nothing was lost during is told: what it missed, the next one finds. Without a
 * source to listen to it would be in vain from the start.
 */
void arrivals_follow_resync(struct daemon *daemon, int64_t now)
{
	if (resync_end(&daemon->resync)) {
		second_opinion_want(daemon);
		if (daemon->listening) {
			devices_note_resync(&daemon->devices);
			counter_add(&daemon->status.counters, COUNTER_RESYNCS);
		}
	}
	if (daemon->source_retry == CLOCK_NEVER && now >= resync_deadline(&daemon->resync))
		arrivals_scan(daemon, now);
}

int64_t arrivals_deadline(const struct daemon *daemon, int64_t now)
{
	int64_t deadline = looking_deadline(&daemon->looks, now);

	if (daemon->source_readable || daemon->resync.running)
		return now;
	if (daemon->source_retry != CLOCK_NEVER)
		return clock_earlier(deadline, daemon->source_retry);
	deadline = clock_earlier(deadline, resync_deadline(&daemon->resync));
	return clock_earlier(deadline, source_deadline(daemon->source));
}
