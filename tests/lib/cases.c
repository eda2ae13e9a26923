/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MANY 5000

/* Where runs begin that are to say the same at every hour; LONG=1 begins at the clock. */
#define FIXED_SEED 1000000

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

uint64_t cases_count(uint64_t count, uint64_t *ret_first)
{
	const char *seed = getenv("SEED");
	const char *cases = getenv("CASES");

	*ret_first = getenv("LONG") ? (uint64_t)time(NULL) : FIXED_SEED;
	if (seed)
		*ret_first = strtoull(seed, NULL, 10);
	if (seed)
		count = 1;
	else if (cases)
		count = strtoull(cases, NULL, 10);
	else if (getenv("LONG"))
		count *= 25;
	printf("# %llu cases from SEED=%llu\n", (unsigned long long)count,
		(unsigned long long)*ret_first);
	return count;
}

void cases_run(void (*run_case)(void), uint64_t count)
{
	uint64_t first;

	count = cases_count(count, &first);
	for (cases_done = 0; cases_done < count; cases_done++) {
		current_seed = first + cases_done;
		random_begin(current_seed);
		run_case();
	}
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
