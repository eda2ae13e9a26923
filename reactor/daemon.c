/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon.h"

#include "base/clock.h"
#include "base/log.h"
#include "core/claims.h"
#include "core/topology.h"
#include "notify.h"

#include <stdio.h>
#include <string.h>

/* A turn's share of looking; what is left waits for the next one, clients are served between. */
#define LOOK_SLICE (5 * CLOCK_MILLISECOND)

/* An incomplete device is looked at again after 10, 40, 160 and 640 ms, then at its next event. */
#define INCOMPLETE_ATTEMPTS 4

/* One of which not all can be read is taken as it is after so long, however many events come. */
#define UNSETTLED_LONGEST (2 * CLOCK_SECOND)

/* So long after the first scan the door stays closed for incomplete devices. */
#define START_PATIENCE (2 * CLOCK_SECOND)

/* The round (look.h) of the first look at a driver that no `bind` told of: after 160 ms, or after a
 * scan, which finds the drivers of all devices, 2.6 s. The last round is of 41 s. */
#define TRIAL_ROUND	 2
#define TRIAL_ROUND_SCAN 4

/* A source that gives nothing but errors is replaced at most so often. */
#define SOURCE_RETRY CLOCK_SECOND

/*
 * Looks at everything: what sysfs lists, and what we know and it may not list any more. A listing
 * that fails, as it may while devices vanish, says nothing about those it did not come to.
 */
static void start_resync(struct daemon *daemon, int64_t now)
{
	const struct vector *devices = &daemon->core.inventory.devices;
	int result = probe_walk(&daemon->looks);

	if (result < 0 && !daemon->scan_failed)
		log_error("cannot list devices, will try again: %s", strerror(-result));
	daemon->scan_failed = result < 0;
	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = devices->items[i];

		looks_add(&daemon->looks, device->id->bytes, CLOCK_NEVER);
	}
	looks_wake(&daemon->looks, CLOCK_NEVER); /* everything: what was put off too */
	looks_forget_properties(&daemon->looks);
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
	switch (source_read(daemon->source, &daemon->core.ruleset->properties, &daemon->looks)) {
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

static void replace_broken_source(struct daemon *daemon, int64_t now)
{
	if (now < daemon->source_retry)
		return;
	daemon->source_retry = daemon_renew_source(daemon) < 0 ? now + SOURCE_RETRY : CLOCK_NEVER;
}

/* The properties of a device: brought by its event, known from before, or from the database. */
static void add_device_properties(
	struct daemon *daemon, const struct look *look, struct facts *facts)
{
	const struct vector *keys = &daemon->core.ruleset->properties;
	const struct device *known = core_find(&daemon->core, look->id->bytes);

	if (look->properties_known)
		property_list_copy(&facts->properties, &look->properties);
	else if (!look->properties_stale && known && known->now.facts->life == facts->life)
		property_list_copy(&facts->properties, &known->now.facts->properties);
	else
		source_read_properties(
			daemon->source, look->id->bytes, keys, &daemon->pool, &facts->properties);
}

/* vGPU candidates have the properties of the function that carries them. */
static void add_properties(struct daemon *daemon, const struct look *look, struct vector *found)
{
	struct facts *carrier = found->items[0];

	if (daemon->core.ruleset->properties.count == 0)
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
			&daemon->core.inventory, facts, look->since, &daemon->looks);
}

/* What was known counts too: a function that makes no vGPUs any more leaves room on its board. */
static void see_devices(struct daemon *daemon, const struct look *look, struct vector *found)
{
	const struct device *known = core_find(&daemon->core, look->id->bytes);
	const struct facts *facts = found->items[0];

	add_properties(daemon, look, found);
	if (known && known->now.facts->offers_vgpus && !facts->offers_vgpus)
		add_dependents(daemon, look, known->now.facts);
	add_dependents(daemon, look, facts);
	core_see_all(&daemon->core, found);
}

static void lose_device(struct daemon *daemon, const struct look *look)
{
	const struct device *known = core_find(&daemon->core, look->id->bytes);

	if (known)
		add_dependents(daemon, look, known->now.facts);
	core_lose(&daemon->core, look->id->bytes);
}

/* What a look need not read again; NULL: it reads everything. */
static const struct facts *find_known(const struct daemon *daemon, const struct look *look)
{
	const struct device *device = core_find(&daemon->core, look->id->bytes);

	if (!device || device->doubted)
		return NULL;
	if (look->whole && device->now.facts->kinds & KIND_MASK(KIND_PCI))
		return NULL;
	return device->now.facts;
}

/*
 * The round after which a driver is looked at once more, since it may be gone without an event; 0:
 * it need not be. The kernel makes the link before the driver has tried the device, and takes it
 * away if it refuses. Only `bind` tells that it did not, and for the interfaces of a USB device not
 * even that.
 */
static unsigned find_trial(const struct look *look, const struct facts *facts, bool is_other_driver)
{
	/* one that was incomplete is whole on its own account */
	bool is_asked_for =
		(look->whole && !look->incomplete_since) || look->driver != LOOK_DRIVER_UNTOLD;

	if (!facts->bound || look->driver == LOOK_DRIVER_BOUND)
		return 0;
	if (is_other_driver || look->driver == LOOK_DRIVER_UNBOUND)
		return look->since == CLOCK_NEVER ? TRIAL_ROUND_SCAN : TRIAL_ROUND;
	if (look->trial == 0 || is_asked_for)
		return look->trial;
	return look->trial + 1 < LOOK_ROUNDS ? look->trial + 1 : 0;
}

static void follow_driver(
	const struct daemon *daemon, struct look *look, const struct vector *found)
{
	const struct facts *facts = found->items[0];
	const struct device *known = core_find(&daemon->core, look->id->bytes);
	bool is_other = !known || known->now.facts->bound != facts->bound;

	if (look->trial && is_other)
		look->derived = false; /* it was refused: what hangs on it has not been asked */
	look->trial = find_trial(look, facts, is_other);
}

/* The look is over, but for a driver that may be refused yet. */
static void end_look(struct daemon *daemon, struct look *look, int64_t now)
{
	if (look->trial)
		looks_defer_for_driver(&daemon->looks, look, now);
	else
		look_free(look);
}

/* A device that could not be read whole: it is looked at again, a few times. */
static void put_off(struct daemon *daemon, struct look *look, int result, int64_t now)
{
	counter_add(&daemon->status.counters, COUNTER_INCOMPLETE_LOOKS);
	if (look->attempts < INCOMPLETE_ATTEMPTS) {
		if (!look->incomplete_since)
			look->incomplete_since = now;
		look->whole = true;
		looks_defer(&daemon->looks, look, look->attempts++, now);
		return;
	}
	core_doubt(&daemon->core, look->id->bytes);
	if (result < 0) /* ours, not the device's: no event will ask again */
		note_loss(daemon, "a device could not be read", now);
	end_look(daemon, look, now);
}

/* Whether a device has been unsettled for long: so it is. Events may come for ever. */
static bool is_settled_so(const struct look *look, int64_t now)
{
	return look->attempts == INCOMPLETE_ATTEMPTS ||
	       (look->incomplete_since && now >= look->incomplete_since + UNSETTLED_LONGEST);
}

static void look_at_device(struct daemon *daemon, struct look *look, int64_t now)
{
	size_t touched = daemon->core.touched.count;
	struct vector found = {0};
	int result = probe_look(daemon->probe, look->id, find_known(daemon, look), &found);

	counter_add(&daemon->status.counters, COUNTER_LOOKS);
	if (result == PROBE_UNSETTLED && is_settled_so(look, now))
		result = 0;
	if (result != 0 && result != PROBE_GONE) {
		facts_list_done(&found);
		put_off(daemon, look, result, now);
		return;
	}
	if (result == 0) {
		follow_driver(daemon, look, &found);
		see_devices(daemon, look, &found);
	} else {
		look->trial = 0;
		lose_device(daemon, look);
	}
	if (daemon->core.touched.count > touched && look->since < daemon->turn_since)
		daemon->turn_since = look->since;
	end_look(daemon, look, now);
}

static void look_at_devices(struct daemon *daemon)
{
	int64_t now = clock_monotonic(); /* a slice of its own: receiving must not starve it */
	struct look *look;

	looks_wake(&daemon->looks, now);
	while (clock_monotonic() - now < LOOK_SLICE && (look = looks_take(&daemon->looks))) {
		resync_advance(&daemon->resync);
		look_at_device(daemon, look, now);
	}
}

/*
 * Only one that nothing was lost during is told: what it missed, the next one finds. Without a
 * source to listen to it would be in vain from the start.
 */
static void follow_resync(struct daemon *daemon, int64_t now)
{
	if (resync_end(&daemon->resync)) {
		second_opinion_want(daemon);
		if (daemon->listening) {
			core_note_resync(&daemon->core);
			counter_add(&daemon->status.counters, COUNTER_RESYNCS);
		}
	}
	if (daemon->source_retry == CLOCK_NEVER && now >= resync_deadline(&daemon->resync))
		start_resync(daemon, now);
}

static void follow_store(struct daemon *daemon, int64_t now)
{
	if (daemon->store_readable)
		reload_note_kept(daemon, now);
	daemon->store_readable = false;
	if (now < daemon->rules_retry)
		return;
	daemon->rules_retry = CLOCK_NEVER;
	store_retry_rules(daemon->store);
}

static void report_regex_limits(struct daemon *daemon)
{
	const struct vector *rules = &daemon->core.ruleset->rules;
	uint64_t hits = daemon->status.counters.values[COUNTER_REGEX_LIMIT_HITS];

	for (size_t i = 0; i < rules->count && hits > daemon->reported_hits; i++) {
		struct rule *rule = rules->items[i];

		if (!rule->limit_hit || rule->limit_reported)
			continue;
		rule->limit_reported = true;
		log_warning(
			"%s:%u: a regex of rule %s ran into its match limit, which counts as no "
			"match; simplify it, or raise regex_match_limit",
			rule->file->bytes, rule->line, rule->name->bytes);
	}
	daemon->reported_hits = hits;
}

static void publish(struct daemon *daemon)
{
	struct delta delta = {0};

	core_settle(&daemon->core, &delta);
	service_publish(daemon->service, &delta);
	if (daemon->turn_since != CLOCK_NEVER)
		histogram_add(&daemon->status.latency, clock_monotonic() - daemon->turn_since);
	daemon->turn_since = CLOCK_NEVER;
	report_regex_limits(daemon);
	delta_done(&delta);
}

/*
 * What is not there when the door opens is missing to its instance: so what the scan found
 * incomplete is waited for, but not for ever.
 */
static bool is_scanned(struct daemon *daemon)
{
	int64_t now = clock_monotonic();

	if (daemon->resync.running || daemon->scan_failed)
		return false;
	if (daemon->scanned == 0)
		daemon->scanned = now;
	return looks_are_complete(&daemon->looks) || now >= daemon->scanned + START_PATIENCE;
}

/* Opens the door once the first scan is complete, so that nobody sees half a machine. */
static void listen_when_scanned(struct daemon *daemon)
{
	char status[80];
	int result;

	if (daemon->listening || !is_scanned(daemon))
		return;
	daemon->listening = true;
	claims_start_missing(&daemon->core, clock_monotonic());
	result = service_listen(daemon->service, daemon->listener);
	daemon->listener = -1;
	if (result < 0) {
		log_error("cannot listen on %s: %s", daemon->options->socket, strerror(-result));
		daemon->stop_wanted = true;
		daemon->stop_result = result;
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
 * reload at a time, so that a device changes at most once in a turn; what the disk has written
 * comes before requests, so that they are decided on it; calls that read come after the
 * publication, so that a list never shows what its seq does not include.
 */
static void daemon_turn(struct daemon *daemon)
{
	int64_t now = clock_monotonic();

	replace_broken_source(daemon, now);
	receive_events(daemon, now);
	if (!reload_holds_looks(daemon))
		look_at_devices(daemon);
	follow_resync(daemon, now);
	second_opinion_follow(daemon);
	follow_store(daemon, now);
	reload_follow(daemon);
	requests_follow(daemon, now);
	publish(daemon);
	reload_reply(daemon);
	requests_answer(daemon);
	service_answer(daemon->service);
	service_flush(daemon->service, now);
	service_reap(daemon->service);
	listen_when_scanned(daemon);
}

static int64_t earlier(int64_t one, int64_t other)
{
	return one < other ? one : other;
}

static int64_t next_deadline(const struct daemon *daemon)
{
	int64_t now = clock_monotonic();
	int64_t deadline = looks_deadline(&daemon->looks, now);

	if (daemon->source_readable || reload_is_busy(daemon) || daemon->resync.running ||
		second_opinion_is_due(daemon) || service_is_busy(daemon->service))
		return now;
	deadline = earlier(deadline, service_deadline(daemon->service));
	deadline = earlier(deadline, requests_deadline(daemon));
	deadline = earlier(deadline, daemon->rules_retry);
	if (daemon->source_retry != CLOCK_NEVER)
		return earlier(deadline, daemon->source_retry);
	deadline = earlier(deadline, resync_deadline(&daemon->resync));
	return earlier(deadline, source_deadline(daemon->source));
}

int daemon_run(struct daemon *daemon)
{
	start_resync(daemon, clock_monotonic());
	while (!daemon->stop_wanted) {
		int result = loop_wait(daemon->loop, next_deadline(daemon));

		if (result < 0) {
			log_error("the event loop failed: %s", strerror(-result));
			return result;
		}
		daemon_turn(daemon);
	}
	notify_service_manager("STOPPING=1");
	return daemon->stop_result;
}
