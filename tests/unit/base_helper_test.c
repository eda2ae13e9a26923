/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/helper.h"

#include "lib/unit.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

/* Work that begins by saying so and ends when it is told to. */
struct work {
	int said[2];
	int told[2];
	pthread_t thread;
	bool signals_blocked;
};

static void work_init(struct work *work)
{
	assert_int_equal(pipe(work->said), 0);
	assert_int_equal(pipe(work->told), 0);
}

static void say(const int ends[2])
{
	assert_int_equal(write(ends[1], "", 1), 1);
}

static void hear(const int ends[2])
{
	char byte;

	assert_int_equal(read(ends[0], &byte, 1), 1);
}

static void work_done(struct work *work)
{
	for (int end = 0; end < 2; end++) {
		close(work->said[end]);
		close(work->told[end]);
	}
}

static void do_work(void *context)
{
	struct work *work = context;
	sigset_t blocked;

	work->thread = pthread_self();
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	work->signals_blocked = sigismember(&blocked, SIGTERM) && sigismember(&blocked, SIGHUP);
	say(work->said);
	hear(work->told);
}

static void discard(void *context)
{
	struct work *work = context;

	say(work->said);
}

static bool is_readable(const struct helper *helper, int timeout)
{
	struct pollfd descriptor = {.fd = helper_descriptor(helper), .events = POLLIN};

	return poll(&descriptor, 1, timeout) == 1;
}

static void work_is_done_aside(void **state)
{
	struct helper *helper;
	struct work work;

	(void)state;
	work_init(&work);
	assert_int_equal(helper_new(&helper), 0);
	assert_null(helper_take(helper));
	for (int i = 0; i < 2; i++) {
		helper_begin(helper, do_work, discard, &work);
		hear(work.said);
		assert_null(helper_take(helper));
		assert_false(is_readable(helper, 0));
		say(work.told);
		assert_true(is_readable(helper, -1));
		assert_ptr_equal(helper_take(helper), &work);
		assert_null(helper_take(helper));
		assert_false(is_readable(helper, 0));
		assert_false(pthread_equal(work.thread, pthread_self()));
		assert_true(work.signals_blocked);
	}
	assert_null(helper_free(helper));
	assert_null(helper_free(NULL));
	work_done(&work);
}

static void abandoned_work_ends_by_itself(void **state)
{
	struct helper *helper;
	struct work work;

	(void)state;
	work_init(&work);
	assert_int_equal(helper_new(&helper), 0);
	helper_begin(helper, do_work, discard, &work);
	hear(work.said);
	helper_free(helper);
	say(work.told);
	hear(work.said); /* of discard */
	work_done(&work);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(work_is_done_aside),
		cmocka_unit_test(abandoned_work_ends_by_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
