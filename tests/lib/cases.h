/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random cases for property tests. Their seeds are fixed, CASES_FIRST and those after it, so that a
 * run says the same at any hour. LONG=1 begins at a fresh seed, which it prints, and makes them 25
 * times as many. SEED=N runs one case again; CASES=N sets how many.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CASES_FIRST 1

/* How many cases to run, by default `count`, and the seed of the first; says so. */
uint64_t cases_count(uint64_t count, uint64_t *ret_first);

/* Runs `run_case` with the random numbers of each seed, `count` times unless CASES says else. */
void cases_run(void (*run_case)(void), uint64_t count);

/*
 * Runs those that failed once and are mended: what is rare, and what the fixed seeds do not meet.
 * None if SEED is set.
 */
void cases_run_again(void (*run_case)(void), const uint64_t *seeds, size_t count);

/* Whether so many were run that what is frequent must have come up. */
bool cases_are_many(void);

/* For a teardown: runs after a failure too, and says how to repeat it. */
int cases_tell_seed(void **state);

/* Begins the random numbers of a seed, which is not 0. */
void random_begin(uint64_t seed);

/* From 0 to `limit` - 1. */
unsigned random_below(unsigned limit);
