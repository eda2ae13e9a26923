/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real children: whichever way one ends, it is told once, and nobody who took its pid is it. */
#include "io/host/process.h"

#include "base/memory.h"
#include "lib/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY	1000
#define PATIENT 30000 /* ms; only a failure waits so long */

struct child {
	pid_t pid;
	int leash; /* it exits when this is closed */
	struct process process;
};

/* A child that lives until it is let go or killed. */
static struct child child_start(const char *name)
{
	struct child child;
	int leash[2];
	int ready[2];
	char byte;

	assert_int_equal(pipe2(leash, O_CLOEXEC), 0);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	child.pid = fork();
	assert_true(child.pid >= 0);
	if (child.pid == 0) {
		prctl(PR_SET_NAME, name);
		dup2(leash[0], STDIN_FILENO);
		close_range(3, UINT_MAX, 0); /* others' leashes too */
		(void)!read(STDIN_FILENO, &byte, 1);
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 0); /* it has its name */
	close(ready[0]);
	close(leash[0]);
	child.leash = leash[1];
	assert_int_equal(process_identify(child.pid, &child.process), 0);
	return child;
}

static void child_let_go(struct child *child)
{
	close(child->leash);
	child->leash = -1;
}

static void child_reap(struct child *child)
{
	if (child->leash >= 0)
		child_let_go(child);
	assert_int_equal(waitpid(child->pid, NULL, 0), child->pid);
}

static void child_await_zombie(const struct child *child)
{
	siginfo_t info;

	assert_int_equal(waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOWAIT), 0);
}

static bool is_readable(const struct processes *processes, int timeout)
{
	struct pollfd look = {.fd = processes_descriptor(processes), .events = POLLIN};

	return poll(&look, 1, timeout) > 0;
}

/* Waits for the next end, and whose it is. */
static void assert_ends(struct processes *processes, const struct process *want)
{
	struct process ended;

	assert_true(is_readable(processes, PATIENT));
	assert_true(processes_take_ended(processes, &ended));
	assert_true(process_equal(&ended, want));
}

static void assert_quiet(struct processes *processes)
{
	struct process ended;

	assert_false(is_readable(processes, 0));
	assert_false(processes_take_ended(processes, &ended));
}

static struct processes *start(void)
{
	struct processes *processes;

	assert_int_equal(processes_new(&processes), 0);
	assert_quiet(processes);
	return processes;
}

static void any_death_is_told_once_to_each_watch(void **state)
{
	struct processes *processes = start();

	(void)state;
	for (int how = 0; how < 3; how++) { /* exit, SIGKILL, and a zombie that nobody reaps */
		struct child child = child_start("child");

		assert_int_equal(processes_watch(processes, &child.process, 1), 0);
		assert_quiet(processes);
		if (how == 1)
			kill(child.pid, SIGKILL);
		else
			child_let_go(&child);
		if (how < 2)
			child_reap(&child);
		else
			child_await_zombie(&child);
		assert_ends(processes, &child.process);
		assert_quiet(processes);
		/* wanted again, perhaps by an instance that was granted meanwhile: told again */
		assert_int_equal(processes_watch(processes, &child.process, 1), 0);
		assert_ends(processes, &child.process);
		assert_quiet(processes);
		if (how == 2)
			child_reap(&child);
	}
	processes_free(processes);
}

static void a_name_cannot_fake_a_start(void **state)
{
	static const char *const names[] = {") R 1 2 3 4", "a) Z (b", "))))", "\n", " "};
	struct process before;
	struct process after;

	(void)state;
	assert_int_equal(process_identify(getpid(), &before), 0);
	assert_int_equal(strlen(before.boot), BOOT_ID_SIZE - 1);
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		struct child child = child_start(names[i]);

		assert_true(child.process.start >= before.start);
		assert_true(child.process.start < before.start + 1000000);
		assert_int_equal(child.process.pid, child.pid);
		assert_string_equal(child.process.boot, before.boot);
		child_reap(&child);
	}
	assert_int_equal(process_identify(getpid(), &after), 0);
	assert_true(process_equal(&before, &after));
}

static void *sleep_in_thread(void *data)
{
	int *thread = data;
	char byte;

	thread[2] = (int)syscall(SYS_gettid);
	(void)!write(thread[1], "", 1);
	(void)!read(thread[3], &byte, 1);
	return NULL;
}

static void who_is_no_process_is_gone(void **state)
{
	static const int64_t never[] = {0, -1, INT_MAX, (int64_t)INT_MAX + 1, INT64_MAX, INT64_MIN};
	struct child child = child_start("zombie");
	struct process process;
	pthread_t thread;
	int pipes[5]; /* read, write, thread id, and what ends it */
	char byte;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(never); i++)
		assert_int_equal(process_identify(never[i], &process), PROCESS_GONE);
	child_let_go(&child);
	child_await_zombie(&child);
	assert_int_equal(process_identify(child.pid, &process), PROCESS_GONE);
	child_reap(&child);
	assert_int_equal(process_identify(child.pid, &process), PROCESS_GONE);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(pipe(pipes + 3), 0);
	assert_int_equal(pthread_create(&thread, NULL, sleep_in_thread, pipes), 0);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	assert_int_equal(process_identify(pipes[2], &process), PROCESS_GONE);
	for (size_t i = 0; i < ARRAY_LENGTH(pipes); i++)
		if (i != 2 && i != 3)
			close(pipes[i]);
	pthread_join(thread, NULL);
	close(pipes[3]);
}

static void another_in_its_place_is_not_it(void **state)
{
	struct processes *processes = start();
	struct child child = child_start("child");
	struct process others[3] = {child.process, child.process, child.process};

	(void)state;
	others[0].start--;
	others[1].boot[0] = others[1].boot[0] == '0' ? '1' : '0';
	others[2].pid = INT_MAX;
	assert_int_equal(processes_watch(processes, others, 3), 0);
	for (size_t i = 0; i < 3; i++)
		assert_ends(processes, &others[i]);
	assert_quiet(processes);
	/* taken, and wanted again beside the living one */
	assert_int_equal(processes_watch(processes, others, 3), 0);
	for (size_t i = 0; i < 3; i++)
		assert_ends(processes, &others[i]);
	assert_quiet(processes);
	assert_int_equal(processes_watch(processes, &child.process, 1), 0);
	assert_quiet(processes);
	child_reap(&child);
	assert_ends(processes, &child.process);
	processes_free(processes);
}

static void what_is_not_wanted_is_not_told(void **state)
{
	struct processes *processes = start();
	struct child children[3];
	struct process wanted[3];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		children[i] = child_start("child");
		wanted[i] = children[i].process;
	}
	assert_int_equal(processes_watch(processes, wanted, 1), 0);
	assert_int_equal(processes_watch(processes, wanted, 3), 0);
	assert_int_equal(processes_watch(processes, wanted + 1, 2), 0);
	child_reap(&children[0]);
	assert_quiet(processes);
	/* one that ended, and then nobody wants, and one that is found gone likewise */
	child_reap(&children[1]);
	assert_int_equal(processes_watch(processes, wanted + 2, 1), 0);
	assert_quiet(processes);
	assert_int_equal(processes_watch(processes, wanted, 3), 0);
	assert_int_equal(processes_watch(processes, wanted + 2, 1), 0);
	assert_quiet(processes);
	/* wanted again, they are found gone again */
	assert_int_equal(processes_watch(processes, wanted, 3), 0);
	assert_ends(processes, &wanted[0]);
	assert_ends(processes, &wanted[1]);
	assert_quiet(processes);
	assert_int_equal(processes_watch(processes, NULL, 0), 0);
	child_reap(&children[2]);
	assert_quiet(processes);
	processes_free(processes);
}

static size_t count_descriptors(void)
{
	size_t count = 0;

	for (int i = 0; i < 4 * MANY; i++)
		if (fcntl(i, F_GETFD) >= 0)
			count++;
	return count;
}

static void raise_limit(void)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void a_thousand_end_at_once(void **state)
{
	static struct child children[MANY];
	static struct process wanted[MANY];
	size_t before = count_descriptors();
	struct processes *processes;
	struct process ended;
	bool told[MANY] = {false};

	(void)state;
	raise_limit();
	processes = start();
	for (size_t i = 0; i < MANY; i++) {
		children[i] = child_start("child");
		wanted[i] = children[i].process;
	}
	assert_int_equal(processes_watch(processes, wanted, MANY), 0);
	assert_quiet(processes);
	for (size_t i = 0; i < MANY; i++) {
		kill(children[i].pid, SIGKILL);
		child_reap(&children[i]);
	}
	for (size_t i = 0; i < MANY; i++) {
		size_t which = 0;

		assert_true(is_readable(processes, PATIENT));
		assert_true(processes_take_ended(processes, &ended));
		while (which < MANY && !process_equal(&wanted[which], &ended))
			which++;
		assert_true(which < MANY && !told[which]);
		told[which] = true;
	}
	assert_quiet(processes);
	assert_int_equal(count_descriptors(), before + 2); /* the epoll, and its eventfd */
	processes_free(processes);
	assert_int_equal(count_descriptors(), before);
}

/* No more than `left` (at most 2) can be opened from now on. */
static void limit_descriptors(unsigned left)
{
	struct rlimit limit;
	int free[3];

	for (size_t i = 0; i < ARRAY_LENGTH(free); i++)
		free[i] = open("/dev/null", O_RDONLY); /* the lowest that there is */
	for (size_t i = 0; i < ARRAY_LENGTH(free); i++)
		close(free[i]);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = (rlim_t)free[left];
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void want_of_descriptors_is_no_death(void **state)
{
	struct processes *processes = start();
	struct child children[3];
	struct process wanted[3];
	struct process process;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		children[i] = child_start("child");
		wanted[i] = children[i].process;
	}
	for (unsigned left = 0; left < 3; left++) { /* a pidfd and its stat need two */
		limit_descriptors(left);
		assert_int_equal(process_identify(wanted[0].pid, &process), left < 2 ? -EMFILE : 0);
		assert_int_equal(processes_watch(processes, wanted, 3), -EMFILE);
		assert_quiet(processes);
		raise_limit();
		assert_int_equal(processes_watch(processes, NULL, 0), 0);
	}
	limit_descriptors(2); /* for the first; the others when it is asked again */
	assert_int_equal(processes_watch(processes, wanted, 3), -EMFILE);
	child_reap(&children[0]);
	assert_ends(processes, &wanted[0]);
	raise_limit();
	assert_int_equal(processes_watch(processes, wanted, 3), 0);
	assert_ends(processes, &wanted[0]);
	assert_quiet(processes);
	child_reap(&children[2]);
	assert_ends(processes, &wanted[2]);
	child_reap(&children[1]);
	assert_ends(processes, &wanted[1]);
	processes_free(processes);
}

static void the_other_end_of_a_socket(void **state)
{
	struct child child = child_start("child");
	struct process process;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(process_identify_peer(pair[0], child.pid, geteuid(), &process), 0);
	assert_true(process_equal(&process, &child.process));
	/* another user has the pid now */
	assert_int_equal(
		process_identify_peer(pair[0], child.pid, (int64_t)geteuid() + 1, &process),
		PROCESS_GONE);
	/* no more calls, but it is there */
	shutdown(pair[1], SHUT_WR);
	assert_int_equal(process_identify_peer(pair[0], child.pid, geteuid(), &process), 0);
	close(pair[1]);
	assert_int_equal(
		process_identify_peer(pair[0], child.pid, geteuid(), &process), PROCESS_GONE);
	close(pair[0]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(process_identify_peer(pair[0], 0, geteuid(), &process), PROCESS_GONE);
	child_reap(&child);
	assert_int_equal(
		process_identify_peer(pair[0], child.pid, geteuid(), &process), PROCESS_GONE);
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_death_is_told_once_to_each_watch),
		cmocka_unit_test(a_name_cannot_fake_a_start),
		cmocka_unit_test(who_is_no_process_is_gone),
		cmocka_unit_test(another_in_its_place_is_not_it),
		cmocka_unit_test(what_is_not_wanted_is_not_told),
		cmocka_unit_test(a_thousand_end_at_once),
		cmocka_unit_test(want_of_descriptors_is_no_death),
		cmocka_unit_test(the_other_end_of_a_socket),
	};

	return cmocka_run_group_tests_name("host_process", tests, NULL, NULL);
}
