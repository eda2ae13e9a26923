/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon.h"

#include "arrivals.h"
#include "base/clock.h"
#include "base/log.h"
#include "claims/claims.h"
#include "notify.h"

#include <stdio.h>
#include <string.h>

/* So long after the first scan the door stays closed for incomplete devices. */
#define START_PATIENCE (2 * CLOCK_SECOND)

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
	const struct vector *rules = &daemon->devices.ruleset->rules;
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

static bool publish(struct daemon *daemon)
{
	struct delta delta = {0};
	bool told;

	claims_settle(&daemon->claims, &delta);
	told = delta.changes.count > 0;
	service_publish(daemon->service, &delta);
	if (daemon->turn_since != CLOCK_NEVER)
		histogram_add(&daemon->status.latency, clock_monotonic() - daemon->turn_since);
	daemon->turn_since = CLOCK_NEVER;
	report_regex_limits(daemon);
	daemon->status.counters.values[COUNTER_LOG_LINES_LOST] = log_lost();
	delta_done(&delta);
	return told;
}

static bool is_scanned(const struct daemon *daemon)
{
	return !daemon->resync.running && !daemon->scan_failed;
}

/*
 * What is not there when the door opens is missing to its instance: so what the scan found
 * incomplete is waited for, but not for ever.
 */
static bool is_complete(const struct daemon *daemon)
{
	return looking_is_complete(&daemon->looks) ||
	       clock_monotonic() >= daemon->scanned + START_PATIENCE;
}

/*
 * Opens the door once the first scan is complete, so that nobody sees half a machine, and once it
 * is known whom to admit.
 */
static void listen_when_scanned(struct daemon *daemon)
{
	char status[80];
	int result;

	if (daemon->listening || !is_scanned(daemon))
		return;
	if (daemon->scanned == 0)
		daemon->scanned = clock_monotonic();
	if (!daemon->admits || !is_complete(daemon))
		return;
	daemon->listening = true;
	claims_start_missing(&daemon->claims, clock_monotonic());
	result = service_listen(daemon->service, daemon->listener);
	daemon->listener = -1;
	if (result < 0) {
		log_error("cannot listen on %s: %s", daemon->options->socket, strerror(-result));
		daemon->stop_wanted = true;
		daemon->stop_result = result;
		return;
	}
	snprintf(status, sizeof(status), "READY=1\nSTATUS=%zu devices, %zu groups",
		daemon->devices.inventory.devices.count, daemon->devices.ruleset->groups.count);
	notify_service_manager(status);
	log_info("ready on %s: %zu devices, %zu groups, %zu rules, events from %s",
		daemon->options->socket, daemon->devices.inventory.devices.count,
		daemon->devices.ruleset->groups.count, daemon->devices.ruleset->rules.count,
		daemon->status.monitor);
}

bool daemon_tell(struct daemon *daemon, int64_t now)
{
	bool told = publish(daemon);

	reload_reply(daemon);
	requests_answer(daemon);
	service_serve(daemon->service, now);
	return told;
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

	arrivals_receive(daemon, now);
	if (!reload_holds_looks(daemon))
		arrivals_look(daemon);
	arrivals_follow_resync(daemon, now);
	second_opinion_follow(daemon);
	follow_store(daemon, now);
	claims_follow(&daemon->claims);
	reload_follow(daemon);
	requests_follow(daemon, now);
	daemon_tell(daemon, now);
	listen_when_scanned(daemon);
}

static int64_t next_deadline(const struct daemon *daemon)
{
	int64_t now = clock_monotonic();
	int64_t deadline = arrivals_deadline(daemon, now);

	if (reload_is_busy(daemon) || second_opinion_is_due(daemon) ||
		service_is_busy(daemon->service))
		return now;
	deadline = clock_earlier(deadline, service_deadline(daemon->service));
	deadline = clock_earlier(deadline, requests_deadline(daemon));
	return clock_earlier(deadline, daemon->rules_retry);
}

int daemon_run(struct daemon *daemon)
{
	arrivals_scan(daemon, clock_monotonic());
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
