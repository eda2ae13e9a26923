/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MANY 5000

static uint64_t random_state;
static uint64_t current_seed;
static uint64_t cases_done;

void random_begin(uint64_t seed)
{
	random_state = seed;
}

unsigned random_below(unsigned limit)
{
	random_state ^= random_state << 13; /* xorshift64 */
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)((random_state >> 11) % limit);
}

static uint64_t read_number(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 10) : otherwise;
}

uint64_t cases_count(uint64_t count, uint64_t *ret_first)
{
	bool fresh = getenv("LONG") && !getenv("SEED");

	*ret_first = read_number("SEED", fresh ? (uint64_t)time(NULL) : CASES_FIRST);
	count = read_number("CASES", getenv("SEED") ? 1 : fresh ? 25 * count : count);
	/* ## is shown by tests/all: a fresh seed is written down nowhere else */
	printf("%s %llu cases from SEED=%llu\n", fresh ? "##" : "#", (unsigned long long)count,
		(unsigned long long)*ret_first);
	return count;
}

static void run_seed(void (*run_case)(void), uint64_t seed)
{
	current_seed = seed;
	random_begin(seed);
	run_case();
}

void cases_run(void (*run_case)(void), uint64_t count)
{
	uint64_t first;

	count = cases_count(count, &first);
	for (cases_done = 0; cases_done < count; cases_done++)
		run_seed(run_case, first + cases_done);
}

void cases_run_again(void (*run_case)(void), const uint64_t *seeds, size_t count)
{
	for (size_t i = 0; i < count && !getenv("SEED"); i++)
		run_seed(run_case, seeds[i]);
}

bool cases_are_many(void)
{
	return cases_done >= MANY;
}

int cases_tell_seed(void **state)
{
	(void)state;
	printf("# last case: SEED=%llu\n", (unsigned long long)current_seed);
	return 0;
}
