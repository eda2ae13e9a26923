/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happened so far, for `status`. To add a counter: an enumerator and a name. */
#pragma once

#include "base/writer.h"

#include <stdint.h>

enum counter {
	COUNTER_EVENTS,		  /* messages received from udev or the kernel */
	COUNTER_OVERRUNS,	  /* ENOBUFS: events were lost, everything was looked at again */
	COUNTER_RECEIVE_ERRORS,	  /* any other failed receive, looked at again likewise */
	COUNTER_RESYNCS,	  /* completed */
	COUNTER_LOOKS,		  /* folders read */
	COUNTER_INCOMPLETE_LOOKS, /* folders that vanished or lacked something while being read */
	COUNTER_DRIFT,		  /* differences of our USB devices to libusb's list */
	COUNTER_REGEX_LIMIT_HITS, /* regex evaluations that ran into their match limit */
	COUNTER_RELOADS,	  /* that came into force */
	COUNTER_RELOADS_REFUSED,  /* that had errors */
	COUNTER_CONNECTIONS_ACCEPTED,
	COUNTER_CONNECTIONS_REFUSED, /* over a limit, or no descriptor left */
	COUNTER_CALLS,
	COUNTER_MESSAGES_TOO_LARGE,
	COUNTER_MESSAGES_MALFORMED,
	COUNTER_CALLS_NOT_PERMITTED,
	COUNTER_SUBSCRIBERS_DROPPED, /* too far behind */
	COUNTER_LOG_LINES_LOST,	     /* nobody took them from standard error */
	COUNTER_COUNT,
};

struct counters {
	uint64_t values[COUNTER_COUNT];
};

static inline void counter_add(struct counters *counters, enum counter counter)
{
	counters->values[counter]++;
}

/* Writes one JSON object of all of them. */
void counters_write(const struct counters *counters, struct writer *json);
