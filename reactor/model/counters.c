/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/counters.h"

#include "base/table.h"

TABLE_BEGIN(names);
static const char *const names[COUNTER_COUNT] = {
	ROW(COUNTER_EVENTS) = "events",
	ROW(COUNTER_OVERRUNS) = "overruns",
	ROW(COUNTER_RECEIVE_ERRORS) = "receive_errors",
	ROW(COUNTER_RESYNCS) = "resyncs",
	ROW(COUNTER_LOOKS) = "looks",
	ROW(COUNTER_INCOMPLETE_LOOKS) = "incomplete_looks",
	ROW(COUNTER_DRIFT) = "drift",
	ROW(COUNTER_REGEX_LIMIT_HITS) = "regex_limit_hits",
	ROW(COUNTER_RELOADS) = "reloads",
	ROW(COUNTER_RELOADS_REFUSED) = "reloads_refused",
	ROW(COUNTER_CONNECTIONS_ACCEPTED) = "connections_accepted",
	ROW(COUNTER_CONNECTIONS_REFUSED) = "connections_refused",
	ROW(COUNTER_CALLS) = "calls",
	ROW(COUNTER_MESSAGES_TOO_LARGE) = "messages_too_large",
	ROW(COUNTER_MESSAGES_MALFORMED) = "messages_malformed",
	ROW(COUNTER_CALLS_NOT_PERMITTED) = "calls_not_permitted",
	ROW(COUNTER_SUBSCRIBERS_DROPPED) = "subscribers_dropped",
	ROW(COUNTER_LOG_LINES_LOST) = "log_lines_lost",
};
TABLE_END(names, COUNTER_COUNT);

void counters_write(const struct counters *counters, struct writer *json)
{
	writer_open(json, '{');
	for (enum counter counter = 0; counter < COUNTER_COUNT; counter++)
		writer_key_number(json, names[counter], (int64_t)counters->values[counter]);
	writer_close(json, '}');
}
