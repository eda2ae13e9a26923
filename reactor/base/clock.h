/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two clocks, both in microseconds: the monotonic one decides, real time is only shown. */
#pragma once

#include <stdint.h>

#define CLOCK_SECOND	  INT64_C(1000000)
#define CLOCK_MILLISECOND INT64_C(1000)

/* No deadline: later than every time. */
#define CLOCK_NEVER INT64_MAX

int64_t clock_monotonic(void);
int64_t clock_real(void);

/* The earlier of two deadlines. */
static inline int64_t clock_earlier(int64_t one, int64_t other)
{
	return one < other ? one : other;
}
