/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/clock.h"
#include "io/loop/loop.h"
#include "lib/unit.h"

#include <stdbool.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Waits for what is there already. */
static void look(struct loop *loop)
{
	assert_int_equal(loop_wait(loop, clock_monotonic()), 0);
}

static void one_descriptor_is_forgotten_alone(void **state)
{
	struct loop *loop = NULL;
	int first = eventfd(1, EFD_CLOEXEC);
	int second = eventfd(1, EFD_CLOEXEC);
	bool first_called = false;
	bool second_called = false;

	(void)state;
	assert_int_equal(loop_new(&loop), 0);
	assert_int_equal(loop_watch(loop, first, loop_set_flag, &first_called), 0);
	assert_int_equal(loop_watch(loop, second, loop_set_flag, &second_called), 0);
	look(loop);
	assert_true(first_called && second_called);
	loop_unwatch(loop, first);
	loop_unwatch(loop, first); /* again: nothing to forget */
	loop_unwatch(loop, -1);
	first_called = false;
	second_called = false;
	look(loop);
	assert_true(!first_called && second_called);
	assert_int_equal(loop_watch(loop, first, loop_set_flag, &first_called), 0);
	look(loop);
	assert_true(first_called);
	loop_free(loop);
	close(first);
	close(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_descriptor_is_forgotten_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
