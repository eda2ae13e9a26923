/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/counters.h"

static const char *const names[COUNTER_COUNT] = {
	[COUNTER_EVENTS] = "events",
	[COUNTER_OVERRUNS] = "overruns",
	[COUNTER_RECEIVE_ERRORS] = "receive_errors",
	[COUNTER_RESYNCS] = "resyncs",
	[COUNTER_LOOKS] = "looks",
	[COUNTER_INCOMPLETE_LOOKS] = "incomplete_looks",
	[COUNTER_DRIFT] = "drift",
	[COUNTER_REGEX_LIMIT_HITS] = "regex_limit_hits",
	[COUNTER_RELOADS] = "reloads",
	[COUNTER_RELOADS_REFUSED] = "reloads_refused",
	[COUNTER_CONNECTIONS_ACCEPTED] = "connections_accepted",
	[COUNTER_CONNECTIONS_REFUSED] = "connections_refused",
	[COUNTER_CALLS] = "calls",
	[COUNTER_MESSAGES_TOO_LARGE] = "messages_too_large",
	[COUNTER_MESSAGES_MALFORMED] = "messages_malformed",
	[COUNTER_CALLS_NOT_PERMITTED] = "calls_not_permitted",
	[COUNTER_SUBSCRIBERS_DROPPED] = "subscribers_dropped",
};

void counters_write(const struct counters *counters, struct writer *json)
{
	writer_open(json, '{');
	for (enum counter counter = 0; counter < COUNTER_COUNT; counter++)
		writer_key_number(json, names[counter], (int64_t)counters->values[counter]);
	writer_close(json, '}');
}
