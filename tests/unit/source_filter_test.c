/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The filter on a pair of local sockets, where the kernel runs it just as on netlink. */
#include "base/memory.h"
#include "io/udev/filter.h"
#include "lib/unit.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REAL	"/devices/pci0000:00/0000:00:03.0\0ACTION=add"
#define VIRTUAL "/devices/virtual/net/veth0\0ACTION=add"

static void virtual_devices_are_dropped(void **state)
{
	static const struct {
		const char *message;
		size_t length;
		bool passes;
	} cases[] = {
#define CASE(message, passes) {message, sizeof(message), passes}
		CASE("add@" REAL, true),
		CASE("bind@" REAL, true),
		CASE("change@" REAL, true),
		CASE("offline@" REAL, true),
		CASE("add@" VIRTUAL, false),
		CASE("move@" VIRTUAL, false),
		CASE("bind@" VIRTUAL, false),
		CASE("remove@" VIRTUAL, false),
		CASE("change@" VIRTUAL, false),
		CASE("unbind@" VIRTUAL, false),
		CASE("online@" VIRTUAL, false),
		CASE("offline@" VIRTUAL, false),
		CASE("frobnicate@" VIRTUAL, true), /* left to the parser */
		CASE("add@/devices/virtually/x\0ACTION=add", true),
		CASE("add@/devices/platform/devices/virtual/x\0ACTION=add", true),
		CASE("libudev\0/devices/virtual/x", true),
#undef CASE
	};
	int pair[2];
	char got[128];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(filter_attach(pair[1]), 0);
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		ssize_t length;

		/* a dropped message is an error for a local sender, which netlink's has not */
		(void)!write(pair[0], cases[i].message, cases[i].length);
		length = read(pair[1], got, sizeof(got));
		if (cases[i].passes != (length == (ssize_t)cases[i].length))
			fail_msg("%s: %zd", cases[i].message, length);
		if (cases[i].passes)
			assert_memory_equal(got, cases[i].message, cases[i].length);
	}
	close(pair[0]);
	close(pair[1]);
}

static void a_file_takes_no_filter(void **state)
{
	(void)state;
	assert_true(filter_attach(STDIN_FILENO) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(virtual_devices_are_dropped),
		cmocka_unit_test(a_file_takes_no_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
