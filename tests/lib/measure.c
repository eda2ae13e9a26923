/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/measure.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

double measure_cpu(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

double measure_stolen(void)
{
	FILE *stat = fopen("/proc/stat", "re");
	unsigned long ticks;

	if (!stat || fscanf(stat, "cpu %*u %*u %*u %*u %*u %*u %*u %lu", &ticks) != 1)
		abort();
	fclose(stat);
	return (double)ticks * 1e3 / (double)sysconf(_SC_CLK_TCK);
}

size_t measure_memory(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static int compare(const void *left, const void *right)
{
	double one = *(const double *)left;
	double other = *(const double *)right;

	return (one > other) - (one < other);
}

double measure_median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

double measure_largest(const double *values, size_t count)
{
	double largest = values[0];

	for (size_t i = 1; i < count; i++)
		if (values[i] > largest)
			largest = values[i];
	return largest;
}
