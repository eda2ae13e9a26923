/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a udevd is there is read off its control socket, whose type depends on its release. */
#include "base/memory.h"
#include "io/udev/source.h"
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[] = "/tmp/hostdevd-test-XXXXXX";
static struct sockaddr_un address = {.sun_family = AF_UNIX};

static int set_up(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/control", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(address.sun_path);
	assert_int_equal(rmdir(folder), 0);
	return 0;
}

static int bind_socket(int type, int backlog)
{
	int listener = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	assert_true(listener >= 0);
	assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
	if (backlog >= 0)
		assert_int_equal(listen(listener, backlog), 0);
	return listener;
}

static void either_type_of_socket_is_a_listener(void **state)
{
	static const int types[] = {SOCK_SEQPACKET, SOCK_STREAM};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
		int listener = bind_socket(types[i], 8);

		assert_true(source_listens(address.sun_path));
		close(listener);
		assert_false(source_listens(address.sun_path)); /* it is left behind */
		unlink(address.sun_path);
	}
}

/* The stream socket is only asked for its type: what is connected to could start a udevd. */
static void a_stream_socket_gets_no_connection(void **state)
{
	int listener = bind_socket(SOCK_STREAM | SOCK_NONBLOCK, 8);

	(void)state;
	assert_true(source_listens(address.sun_path));
	assert_int_equal(accept(listener, NULL, NULL), -1);
	close(listener);
}

static void a_full_queue_is_a_listener(void **state)
{
	int listener = bind_socket(SOCK_SEQPACKET, 0);

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(source_listens(address.sun_path));
	close(listener);
}

static void nothing_is_no_listener(void **state)
{
	(void)state;
	assert_false(source_listens(address.sun_path));
	fclose(fopen(address.sun_path, "w"));
	assert_false(source_listens(address.sun_path));
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(either_type_of_socket_is_a_listener),
		TEST(a_stream_socket_gets_no_connection),
		TEST(a_full_queue_is_a_listener),
		TEST(nothing_is_no_listener),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
