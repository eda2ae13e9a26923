/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts of durations in powers of two: eight bytes a bucket, and quantiles within a factor two. */
#pragma once

#include <stdint.h>

#define HISTOGRAM_BUCKETS 40

struct histogram {
	uint64_t buckets[HISTOGRAM_BUCKETS]; /* [i]: less than 2^i microseconds */
	uint64_t count;
	uint64_t largest;
};

void histogram_add(struct histogram *histogram, int64_t duration);

/* An upper bound of the shortest duration that `percent` of all do not exceed; 0 without any. */
uint64_t histogram_quantile(const struct histogram *histogram, unsigned percent);
