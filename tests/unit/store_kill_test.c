/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kill -9 at any time: every write that was acknowledged is there, and of another one all or none.
 */
#include "lib/storage.h"
#include "lib/unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 100

static struct storage storage;

static int set_up(void **state)
{
	storage_make(&storage, *state);
	storage_close(&storage);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	storage_remove(&storage);
	return 0;
}

/* Batch N claims 2N and 2N + 1, and releases those of batch N - 10. */
static void write_for_ever(int64_t from, int acknowledged)
{
	storage_open(&storage, 0);
	for (int64_t n = from;; n++) {
		struct batch *batch = batch_new();

		storage_put(batch, 2 * n, false);
		storage_delete(batch, 2 * (n - 10), true);
		storage_put(batch, 2 * n + 1, false);
		storage_delete(batch, 2 * (n - 10) + 1, true);
		assert_int_equal(storage_commit(&storage, batch, NULL), BATCH_COMMITTED);
		if (write(acknowledged, &n, sizeof(n)) != sizeof(n))
			_exit(1);
	}
}

/* Reads `most` acknowledgements, kills, reads the rest. Returns the last. */
static int64_t run_and_kill(int64_t from, int most)
{
	int64_t last = from - 1;
	int pipes[2];
	int status;
	pid_t child;

	assert_int_equal(pipe(pipes), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		write_for_ever(from, pipes[1]);
	close(pipes[1]);
	for (int i = 0; i < most; i++)
		assert_int_equal(read(pipes[0], &last, sizeof(last)), sizeof(last));
	usleep((useconds_t)(rand() % 1500)); /* into the middle of a write */
	kill(child, SIGKILL);
	while (read(pipes[0], &last, sizeof(last)) == sizeof(last))
		;
	close(pipes[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	return last;
}

/* Returns the last batch that is there. */
static int64_t check(int64_t acknowledged)
{
	struct stored stored = {0};
	int64_t last;

	storage_load(&storage, 0, &stored);
	last = (stored.next_number - 1) / 2;
	assert_true(last == acknowledged || last == acknowledged + 1);
	assert_int_equal(stored.next_number, 2 * last + 2);
	assert_int_equal(stored.instances.count, last < 10 ? 2 * last : 20);
	for (int64_t number = 2 * last + 1; number > 2 && number > 2 * last - 18; number--)
		assert_non_null(storage_find(&stored, number));
	assert_false(stored.loss);
	stored_done(&stored);
	storage_close(&storage);
	return last;
}

static void what_was_acknowledged_is_there(void **state)
{
	int64_t last = 0;

	(void)state;
	srand(1);
	for (int round = 0; round < ROUNDS; round++)
		last = check(run_and_kill(last + 1, rand() % 6));
	assert_true(last > ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate_setup_teardown(
			what_was_acknowledged_is_there, set_up, tear_down, (void *)"/tmp"),
		cmocka_unit_test_prestate_setup_teardown(
			what_was_acknowledged_is_there, set_up, tear_down, (void *)"/dev/shm"),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
