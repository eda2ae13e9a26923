/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/clock.h"

#include <time.h>

static int64_t clock_read(clockid_t which)
{
	struct timespec now = {0};

	clock_gettime(which, &now);
	return (int64_t)now.tv_sec * CLOCK_SECOND + now.tv_nsec / 1000;
}

int64_t clock_monotonic(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

int64_t clock_real(void)
{
	return clock_read(CLOCK_REALTIME);
}
