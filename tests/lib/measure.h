/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is measured by: CPU time of this thread, what is stolen of it, memory, and medians. */
#pragma once

#include <stddef.h>

/* CPU time of the calling thread, user and system, in microseconds. */
double measure_cpu(void);

/*
 * CPU time that the host of this virtual machine took away since it started, in milliseconds, in
 * steps of 10; depending on the kernel it counts as CPU time of whoever ran.
 */
double measure_stolen(void);

/* Bytes that the allocator gave out, with its rounding and headers. */
size_t measure_memory(void);

/* The middle one; sorts `values`. */
double measure_median(double *values, size_t count);

double measure_largest(const double *values, size_t count);
