/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When everything is looked at again. Times are in milliseconds. */
#include "base/clock.h"
#include "base/memory.h"
#include "devices/resync.h"
#include "lib/unit.h"

#include <stdio.h>

enum step_type {
	END,
	LOST,	/* at `at` */
	EVENT,	/* at `at` */
	DUE,	/* resync_deadline is `at`; -1: never */
	BEGIN,	/* at `at` with two looks */
	LOOK,	/* one of them is taken */
	RUNS,	/* it is not over */
	OVER,	/* it is, and is told */
	IN_VAIN /* it is, and is not */
};

static const struct {
	const char *what;
	struct {
		enum step_type type;
		int at;
	} steps[24];
} cases[] = {
	{"nothing lost", {{DUE, -1}, {EVENT, 5000}, {DUE, -1}}},
	{"row 1: after 50 ms of quiet", {{LOST, 5000}, {DUE, 5050}}},
	{"row 1: which events put off", {{LOST, 5000}, {EVENT, 5040}, {DUE, 5090}}},
	{"row 1: and more losses", {{LOST, 5000}, {LOST, 5040}, {DUE, 5090}}},
	{"row 1: by a second at most", {{LOST, 5000}, {EVENT, 5990}, {DUE, 6000}}},
	{"it is over when all is looked at",
		{{LOST, 5000}, {BEGIN, 5050}, {DUE, -1}, {RUNS, 0}, {LOOK, 0}, {RUNS, 0}, {LOOK, 0},
			{OVER, 0}, {RUNS, 0}, {DUE, -1}}},
	{"looks that came later do not count", {{LOST, 5000}, {BEGIN, 5050}, {LOOK, 0}, {LOOK, 0},
						       {OVER, 0}, {LOOK, 0}, {DUE, -1}}},
	{"a second between two", {{LOST, 5000}, {BEGIN, 5050}, {LOOK, 0}, {LOOK, 0}, {OVER, 0},
					 {LOST, 5100}, {DUE, 6050}}},
	{"row 2: lost again meanwhile: in vain, and once more",
		{{LOST, 5000}, {BEGIN, 5050}, {LOOK, 0}, {LOST, 5060}, {DUE, -1}, {LOOK, 0},
			{IN_VAIN, 0}, {DUE, 6050}, {BEGIN, 6050}, {LOOK, 0}, {LOOK, 0}, {OVER, 0}}},
	{"row 2: a storm that lasts makes it wait longer for quiet",
		{{LOST, 5000}, {BEGIN, 6000}, {LOST, 6010}, {LOOK, 0}, {LOOK, 0}, {IN_VAIN, 0},
			{EVENT, 8000}, {DUE, 8010}, {BEGIN, 8010}, {LOST, 8020}, {LOOK, 0},
			{LOOK, 0}, {IN_VAIN, 0}, {EVENT, 12010}, {DUE, 12020}}},
	{"row 2: and its end is found all the same",
		{{LOST, 5000}, {BEGIN, 6000}, {LOST, 6010}, {LOOK, 0}, {LOOK, 0}, {IN_VAIN, 0},
			{EVENT, 7500}, {DUE, 7550}}},
};

static void check_due(const struct resync *resync, int at, const char *what)
{
	int64_t deadline = resync_deadline(resync);

	if (deadline != (at < 0 ? CLOCK_NEVER : at * CLOCK_MILLISECOND))
		fail_msg("%s: due at %lld, not %d", what, (long long)(deadline / CLOCK_MILLISECOND),
			at);
}

static void take_step(struct resync *resync, enum step_type type, int at, const char *what)
{
	int64_t now = at * CLOCK_MILLISECOND;

	switch (type) {
	case LOST:
		resync_want(resync, now);
		break;
	case EVENT:
		resync_postpone(resync, now);
		break;
	case DUE:
		check_due(resync, at, what);
		break;
	case BEGIN:
		resync_begin(resync, 2, now);
		break;
	case LOOK:
		resync_advance(resync);
		break;
	case RUNS:
	case OVER:
	case IN_VAIN:
		if (resync_end(resync) != (type == OVER))
			fail_msg("%s: its end", what);
		if (type != RUNS && resync->running)
			fail_msg("%s: still runs", what);
		break;
	case END:
		break;
	}
}

static void a_resync_begins_and_ends_in_time(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct resync resync = {0};

		for (size_t step = 0; cases[i].steps[step].type != END; step++)
			take_step(&resync, cases[i].steps[step].type, cases[i].steps[step].at,
				cases[i].what);
	}
}

static void the_wait_for_quiet_has_an_end(void **state)
{
	struct resync resync = {0};
	int64_t now = 5 * CLOCK_SECOND;
	int64_t wait = 0;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		resync_want(&resync, now);
		resync_postpone(&resync, now + 3600 * CLOCK_SECOND);
		wait = resync_deadline(&resync) - now;
		now += wait;
		resync_begin(&resync, 0, now);
		resync_want(&resync, now);
		assert_false(resync_end(&resync));
	}
	assert_true(wait == 30 * CLOCK_SECOND);
}

static void nothing_to_look_at_is_over_at_once(void **state)
{
	struct resync resync = {0};

	(void)state;
	resync_begin(&resync, 0, CLOCK_SECOND);
	assert_true(resync_end(&resync));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_resync_begins_and_ends_in_time),
		cmocka_unit_test(the_wait_for_quiet_has_an_end),
		cmocka_unit_test(nothing_to_look_at_is_over_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
