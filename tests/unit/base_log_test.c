/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each case runs in a child of its own, as the log has its state for the life of a process. */
#include "base/log.h"

#include "lib/unit.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE 60 /* s, of a child that blocks: the failure, never a success */

/* What a child does with `descriptor` as its standard error. */
typedef void (*act_function)(int descriptor);

static pid_t start(act_function act, int descriptor)
{
	pid_t child = fork();

	if (child == 0) {
		alarm(PATIENCE);
		dup2(descriptor, STDERR_FILENO);
		act(descriptor);
		_exit(0);
	}
	return child;
}

static void end(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void drain(int from, char *ret_bytes, size_t size)
{
	ssize_t got = read(from, ret_bytes, size - 1);

	ret_bytes[got < 0 ? 0 : got] = '\0';
}

static void set_stream(int descriptor, unsigned difference)
{
	struct stat status;
	char stream[64];

	fstat(descriptor, &status);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)status.st_dev,
		(uintmax_t)status.st_ino + difference);
	setenv("JOURNAL_STREAM", stream, 1);
}

static void say_to_journal(int descriptor)
{
	set_stream(descriptor, 0);
	log_open();
	log_warning("one\ntwo");
}

static void say_to_another(int descriptor)
{
	set_stream(descriptor, 1);
	log_open();
	log_info("one");
}

static void say_without_a_stream(int descriptor)
{
	(void)descriptor;
	setenv("JOURNAL_STREAM", "", 1);
	log_open();
	log_debug("too much");
	log_info("one");
}

static void test_prefix(void **state)
{
	static const struct {
		act_function act;
		const char *want;
	} cases[] = {
		{say_to_journal, "<4>hostdevd: one?two\n"},
		{say_to_another, "hostdevd: one\n"},
		{say_without_a_stream, "hostdevd: one\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char bytes[256];
		int ends[2];

		assert_int_equal(pipe(ends), 0);
		end(start(cases[i].act, ends[1]));
		drain(ends[0], bytes, sizeof(bytes));
		assert_string_equal(bytes, cases[i].want);
		close(ends[0]);
		close(ends[1]);
	}
}

/*
 * Fills standard error with lines until some are lost, then says so; when the parent has taken all
 * of it, one line more.
 */
static void say_much(int go)
{
	char line[1000];
	char byte;

	memset(line, 'x', sizeof(line));
	while (log_lost() < 3)
		log_info("%.*s", (int)sizeof(line), line);
	write(go, "", 1);
	read(go, &byte, 1);
	log_info("after");
	log_info("and after");
}

static int control = -1;

static void say_much_at_once(int descriptor)
{
	(void)descriptor;
	log_open();
	say_much(control);
}

/* Another user's pipe cannot be opened once more. */
static void say_much_as_nobody(int descriptor)
{
	(void)descriptor;
	if (setuid(65534) < 0)
		_exit(1);
	log_open();
	say_much(control);
}

/* Takes all there is without waiting, but for its last bytes. */
static void take_all(int from, char *ret_end, size_t size)
{
	size_t kept = 0;

	fcntl(from, F_SETFL, O_NONBLOCK);
	for (;;) {
		char bytes[4096];
		ssize_t got = read(from, bytes, sizeof(bytes));

		if (got <= 0)
			break;
		kept = (size_t)got < size - 1 ? (size_t)got : size - 1;
		memcpy(ret_end, bytes + got - kept, kept);
	}
	ret_end[kept] = '\0';
}

static void check_full(act_function act, const int ends[2])
{
	static const char want[] =
		"hostdevd: 3 lines of this log were lost, since nobody took them\n"
		"hostdevd: after\nhostdevd: and after\n";
	char bytes[sizeof(want)];
	int controls[2];
	pid_t child;
	char byte;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, controls), 0);
	control = controls[1];
	child = start(act, ends[1]);
	close(controls[1]);
	assert_int_equal(read(controls[0], &byte, 1), 1); /* else it was ended by its alarm */
	assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
	take_all(ends[0], bytes, sizeof(bytes));
	assert_int_equal(write(controls[0], "", 1), 1);
	end(child);
	take_all(ends[0], bytes, sizeof(bytes));
	assert_string_equal(bytes, want);
	close(controls[0]);
	close(ends[0]);
	close(ends[1]);
}

static void test_full_pipe(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	check_full(say_much_at_once, ends);
}

static void test_full_pipe_of_another(void **state)
{
	int ends[2];

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(pipe(ends), 0);
	check_full(say_much_as_nobody, ends);
}

static void test_full_socket(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	check_full(say_much_at_once, ends);
}

static void say_long(int descriptor)
{
	char line[2 * PIPE_BUF];

	(void)descriptor;
	memset(line, 'x', sizeof(line));
	log_open();
	log_info("%.*s", (int)sizeof(line), line);
	log_info("next");
}

static void test_long_line(void **state)
{
	char bytes[2 * PIPE_BUF];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	end(start(say_long, ends[1]));
	drain(ends[0], bytes, sizeof(bytes));
	assert_int_equal(strcspn(bytes, "\n"), PIPE_BUF - 1);
	assert_string_equal(bytes + PIPE_BUF, "hostdevd: next\n");
	close(ends[0]);
	close(ends[1]);
}

static void test_file(void **state)
{
	char name[] = "/tmp/hostdevd-log.XXXXXX";
	int file = mkstemp(name);
	char bytes[64];

	(void)state;
	assert_true(file >= 0);
	unlink(name);
	assert_int_equal(write(file, "before\n", 7), 7);
	end(start(say_without_a_stream, file));
	assert_int_equal(lseek(file, 0, SEEK_SET), 0);
	drain(file, bytes, sizeof(bytes));
	assert_string_equal(bytes, "before\nhostdevd: one\n");
	close(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_full_pipe),
		cmocka_unit_test(test_full_pipe_of_another),
		cmocka_unit_test(test_full_socket),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
