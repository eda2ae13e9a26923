/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What benchmarks measure by: CPU time of this thread, and medians. */
#pragma once

#include <stddef.h>

/* CPU time of the calling thread, user and system, in microseconds. */
double measure_cpu(void);

/* The middle one; sorts `values`. */
double measure_median(double *values, size_t count);

double measure_largest(const double *values, size_t count);
