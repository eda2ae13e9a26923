/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/socket/peer.h"

#include "base/memory.h"

#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* More than fit the first try. */
#define MANY 100

static void test_own_process(void **state)
{
	struct peer peer;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(peer_read(pair[0], &peer), 0);
	assert_int_equal(peer.pid, getpid());
	assert_int_equal(peer.uid, geteuid());
	assert_int_equal(peer.group_count, getgroups(0, NULL) + 1);
	assert_int_equal(peer.groups[0], getegid());
	peer_done(&peer);
	assert_null(peer.groups);
	close(pair[0]);
	close(pair[1]);
}

static void test_many_groups(void **state)
{
	gid_t groups[MANY];
	struct peer peer;
	int pair[2];

	(void)state;
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < MANY; i++)
		groups[i] = (gid_t)(5000 + i);
	assert_int_equal(setgroups(MANY, groups), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(setgroups(0, NULL), 0);
	assert_int_equal(peer_read(pair[0], &peer), 0);
	assert_int_equal(peer.group_count, MANY + 1);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(peer.groups[i + 1], 5000 + i);
	peer_done(&peer);
	close(pair[0]);
	close(pair[1]);
}

static void test_no_socket(void **state)
{
	struct peer peer;

	(void)state;
	assert_true(peer_read(-1, &peer) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_process),
		cmocka_unit_test(test_many_groups),
		cmocka_unit_test(test_no_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
