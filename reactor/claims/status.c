/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claims/status.h"

#include "claims/roster.h"

static void write_latency(const struct histogram *latency, struct writer *json)
{
	writer_key(json, "latency_us");
	writer_open(json, '{');
	writer_key_number(json, "count", (int64_t)latency->count);
	writer_key_number(json, "p50", (int64_t)histogram_quantile(latency, 50));
	writer_key_number(json, "p99", (int64_t)histogram_quantile(latency, 99));
	writer_key_number(json, "largest", (int64_t)latency->largest);
	writer_close(json, '}');
}

static void write_counts(const struct claims *claims, struct writer *json)
{
	writer_key(json, "counts");
	writer_open(json, '{');
	writer_key_number(json, "devices", (int64_t)claims->devices->inventory.devices.count);
	writer_key_number(json, "groups", (int64_t)claims->devices->ruleset->groups.count);
	writer_key_number(json, "rules", (int64_t)claims->devices->ruleset->rules.count);
	writer_key_number(json, "instances", (int64_t)roster_count(claims));
	writer_close(json, '}');
}

static bool is_failed(const struct status *status, const struct claims *claims)
{
	return status->commits_fail || status->rules_unkept || claims->late;
}

void status_write(const struct status *status, const struct claims *claims, uint64_t seq,
	const char *epoch, struct writer *json)
{
	writer_open(json, '{');
	writer_key_string(json, "version", status->version);
	writer_key_number(json, "seq", (int64_t)seq);
	writer_key_string(json, "epoch", epoch);
	writer_key_number(json, "started", status->started);
	writer_key_string(json, "monitor", status->monitor);
	writer_key_string(json, "rules", status->rules_stale ? "stale" : "current");
	writer_key_string(json, "storage",
		claims->loss		    ? "lost"
		: is_failed(status, claims) ? "failed"
					    : "ok");
	write_counts(claims, json);
	writer_key_number(json, "connections", (int64_t)status->connections);
	writer_key_number(json, "subscribers", (int64_t)status->subscribers);
	writer_key(json, "counters");
	counters_write(&status->counters, json);
	write_latency(&status->latency, json);
	writer_close(json, '}');
}
