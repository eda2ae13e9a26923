/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "core/topology.h"
#include "notify.h"
#include "reload.h"

#include <stdio.h>
#include <string.h>

/* A turn's share of looking; what is left waits for the next one, clients are served between. */
#define LOOK_SLICE (5 * CLOCK_MILLISECOND)

/* An incomplete device is looked at again after 10, 40, 160 and 640 ms, then at its next event. */
#define INCOMPLETE_DELAY    (10 * CLOCK_MILLISECOND)
#define INCOMPLETE_ATTEMPTS 4

/* Looks at everything: what sysfs lists, and what we know and it may not list any more. */
static void start_resync(struct daemon *daemon)
{
	const struct vector *devices = &daemon->core.inventory.devices;
	int result = probe_walk(&daemon->looks);

	if (result < 0)
		log_error("cannot list devices: %s", strerror(-result));
	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = devices->items[i];

		looks_add(&daemon->looks, device->id->bytes, CLOCK_NEVER);
	}
	daemon->events_lost = false;
	daemon->resyncing = true;
}

static void receive_events(struct daemon *daemon)
{
	int result;

	if (!daemon->source_readable)
		return;
	result = source_read(daemon->source, &daemon->core.ruleset->properties, &daemon->looks);
	if (result == SOURCE_LOST)
		daemon->events_lost = true;
	else if (result == 0)
		daemon->source_readable = false;
}

/* The properties of a device: brought by its event, known from before, or from the database. */
static void add_properties(struct daemon *daemon, const struct look *look, struct facts *facts)
{
	const struct vector *keys = &daemon->core.ruleset->properties;
	const struct device *known = core_find(&daemon->core, look->id->bytes);

	if (keys->count == 0)
		return;
	if (look->properties_known)
		property_list_copy(&facts->properties, &look->properties);
	else if (known && known->now.facts->life == facts->life)
		property_list_copy(&facts->properties, &known->now.facts->properties);
	else
		source_read_properties(
			daemon->source, look->id->bytes, keys, &daemon->pool, &facts->properties);
}

static void see_device(struct daemon *daemon, struct look *look, struct facts *facts)
{
	add_properties(daemon, look, facts);
	topology_add_dependents(&daemon->core.inventory, facts, look->since, &daemon->looks);
	core_see(&daemon->core, facts);
}

static void look_at_device(struct daemon *daemon, struct look *look, int64_t now)
{
	size_t touched = daemon->core.touched.count;
	struct facts *facts;
	int result = probe_look(daemon->probe, look->id, &facts);

	count(&daemon->status.counters, COUNTER_LOOKS);
	if (result == 0) {
		see_device(daemon, look, facts);
	} else if (result == PROBE_GONE) {
		core_lose(&daemon->core, look->id->bytes);
	} else {
		count(&daemon->status.counters, COUNTER_INCOMPLETE_LOOKS);
		if (look->attempts < INCOMPLETE_ATTEMPTS) {
			int64_t delay = INCOMPLETE_DELAY << (2 * look->attempts++);

			looks_defer(&daemon->looks, look, now + delay);
			return;
		}
	}
	if (daemon->core.touched.count > touched && look->since < daemon->turn_since)
		daemon->turn_since = look->since;
	look_free(look);
}

static void look_at_devices(struct daemon *daemon, int64_t now)
{
	struct look *look;

	looks_wake(&daemon->looks, now);
	while (clock_monotonic() - now < LOOK_SLICE && (look = looks_take(&daemon->looks)))
		look_at_device(daemon, look, now);
}

/* A scan is complete when nothing is left to look at; lost events wait for a drained source. */
static void follow_resync(struct daemon *daemon)
{
	if (daemon->resyncing && list_is_empty(&daemon->looks.queue)) {
		daemon->resyncing = false;
		second_opinion_want(daemon);
		if (daemon->listening) {
			core_note_resync(&daemon->core);
			count(&daemon->status.counters, COUNTER_RESYNCS);
		}
	}
	if (daemon->events_lost && !daemon->source_readable && !daemon->resyncing) {
		log_warning("events were lost: looking at every device again");
		start_resync(daemon);
	}
}

static void report_regex_limits(struct daemon *daemon)
{
	const struct vector *rules = &daemon->core.ruleset->rules;

	for (size_t i = 0; i < rules->count; i++) {
		struct rule *rule = rules->items[i];

		if (!rule->limit_hit || rule->limit_reported)
			continue;
		rule->limit_reported = true;
		log_warning(
			"%s:%u: a regex of rule %s ran into its match limit, which counts as no "
			"match; simplify it, or raise regex_match_limit",
			rule->file->bytes, rule->line, rule->name->bytes);
	}
}

static void publish(struct daemon *daemon)
{
	struct delta delta = {0};
	uint64_t hits = daemon->core.ruleset->limit_hits;

	core_settle(&daemon->core, &delta);
	service_publish(daemon->service, &delta);
	if (daemon->turn_since != CLOCK_NEVER)
		histogram_add(&daemon->status.latency, clock_monotonic() - daemon->turn_since);
	daemon->turn_since = CLOCK_NEVER;
	if (hits > 0)
		report_regex_limits(daemon);
	delta_done(&delta);
}

/* Opens the door once the first scan is complete, so that nobody sees half a machine. */
static void listen_when_scanned(struct daemon *daemon)
{
	char status[80];
	int result;

	if (daemon->listening || daemon->resyncing)
		return;
	daemon->listening = true;
	result = service_listen(daemon->service, daemon->listener);
	daemon->listener = -1;
	if (result < 0) {
		log_error("cannot listen on %s: %s", daemon->options->socket, strerror(-result));
		daemon->stop_wanted = true;
		return;
	}
	snprintf(status, sizeof(status), "READY=1\nSTATUS=%zu devices, %zu groups",
		daemon->core.inventory.devices.count, daemon->core.ruleset->groups.count);
	notify_service_manager(status);
	log_info("ready on %s: %zu devices, %zu groups, %zu rules, events from %s",
		daemon->options->socket, daemon->core.inventory.devices.count,
		daemon->core.ruleset->groups.count, daemon->core.ruleset->rules.count,
		daemon->status.monitor);
}

/*
 * One turn. Calls that change something come after arrivals, so that new rules judge them, and one
 * at a time, so that a device changes at most once in a turn; calls that read come after the
 * publication, so that a list never shows what its seq does not include.
 */
static void daemon_turn(struct daemon *daemon)
{
	int64_t now = clock_monotonic();
	struct reload reload = {0};

	receive_events(daemon);
	look_at_devices(daemon, now);
	follow_resync(daemon);
	second_opinion_follow(daemon);
	reload_if_wanted(daemon, &reload);
	publish(daemon);
	reload_reply(&reload);
	service_answer(daemon->service);
	service_flush(daemon->service, now);
	service_reap(daemon->service);
	listen_when_scanned(daemon);
}

static int64_t next_deadline(const struct daemon *daemon)
{
	int64_t now = clock_monotonic();
	int64_t looks = looks_deadline(&daemon->looks, now);
	int64_t service = service_deadline(daemon->service);

	if (daemon->source_readable || daemon->events_lost || daemon->resyncing ||
		daemon->reload_wanted || second_opinion_is_due(daemon) ||
		service_is_busy(daemon->service))
		return now;
	return looks < service ? looks : service;
}

int daemon_run(struct daemon *daemon)
{
	start_resync(daemon);
	while (!daemon->stop_wanted) {
		int result = loop_wait(daemon->loop, next_deadline(daemon));

		if (result < 0)
			return result;
		daemon_turn(daemon);
	}
	notify_service_manager("STOPPING=1");
	return 0;
}
