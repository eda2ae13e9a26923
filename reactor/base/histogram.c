/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/histogram.h"

void histogram_add(struct histogram *histogram, int64_t duration)
{
	uint64_t microseconds = duration > 0 ? (uint64_t)duration : 0;
	unsigned bucket = 0;

	while (bucket < HISTOGRAM_BUCKETS - 1 && microseconds >> bucket)
		bucket++;
	histogram->buckets[bucket]++;
	histogram->count++;
	if (microseconds > histogram->largest)
		histogram->largest = microseconds;
}

uint64_t histogram_quantile(const struct histogram *histogram, unsigned percent)
{
	uint64_t wanted = (histogram->count * percent + 99) / 100;
	uint64_t seen = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS && histogram->count > 0; i++) {
		uint64_t bound = UINT64_C(1) << i;

		seen += histogram->buckets[i];
		if (seen >= wanted)
			return bound < histogram->largest ? bound : histogram->largest;
	}
	return 0;
}
