/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random cases for property tests. They begin at a fixed seed, which is printed; SEED=N runs one
 * case again, CASES=N sets how many, LONG=1 makes them 25 times as many, from a fresh seed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* How many cases to run, by default `count`, and the seed of the first; says so. */
uint64_t cases_count(uint64_t count, uint64_t *ret_first);

/* Runs `run_case` with the random numbers of each seed, `count` times unless CASES says else. */
void cases_run(void (*run_case)(void), uint64_t count);

/* Whether so many were run that what is frequent must have come up. */
bool cases_are_many(void);

/* For a teardown: runs after a failure too, and says how to repeat it. */
int cases_tell_seed(void **state);

/* Begins the random numbers of a seed, which is not 0. */
void random_begin(uint64_t seed);

/* From 0 to `limit` - 1. */
unsigned random_below(unsigned limit);
