/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The filter on a pair of local sockets, where the kernel runs it just as on netlink. */
#include "base/memory.h"
#include "io/udev/filter.h"
#include "lib/unit.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REAL	"/devices/pci0000:00/0000:00:03.0\0ACTION=add"
#define VIRTUAL "/devices/virtual/net/veth0\0ACTION=add"

struct filter_case {
	const char *message;
	size_t length;
	bool passes;
};

#define CASE(message, passes)                                                                      \
	{                                                                                          \
		message, sizeof(message), passes                                                   \
	}

static void check(const int pair[2], const struct filter_case *cases, size_t count)
{
	char got[256];

	for (size_t i = 0; i < count; i++) {
		ssize_t length;

		/* a dropped message is an error for a local sender, which netlink's has not */
		(void)!write(pair[0], cases[i].message, cases[i].length);
		length = read(pair[1], got, sizeof(got));
		if (cases[i].passes != (length == (ssize_t)cases[i].length))
			fail_msg("%zu: %s: %zd", i, cases[i].message, length);
		if (cases[i].passes)
			assert_memory_equal(got, cases[i].message, cases[i].length);
	}
}

static void virtual_devices_are_dropped(void **state)
{
	static const struct filter_case cases[] = {
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
	};
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(filter_attach(pair[1]), 0);
	check(pair, cases, ARRAY_LENGTH(cases));
	close(pair[0]);
	close(pair[1]);
}

/* 40 bytes, of which only the first matters here: the filter that stands behind ours judges it. */
#define HEADER(first) first "ibudev\0________________________________"

/* As systemd 252 sends it, and as those before 247 did. */
#define VERSION "UDEV_DATABASE_VERSION=1\0"

/* Udevd's messages: ours drops what is virtual, libudev's what is of other subsystems. */
static void two_filters_judge_what_udevd_says(void **state)
{
	static const struct filter_case cases[] = {
		CASE(HEADER("l") VERSION "ACTION=add\0DEVPATH=" REAL, true),
		CASE(HEADER("l") VERSION "ACTION=add\0DEVPATH=" VIRTUAL, false),
		CASE(HEADER("l") VERSION "ACTION=move\0DEVPATH=" VIRTUAL, false),
		CASE(HEADER("l") VERSION "ACTION=change\0DEVPATH=" VIRTUAL, false),
		CASE(HEADER("l") VERSION "ACTION=offline\0DEVPATH=" VIRTUAL, false),
		CASE(HEADER("l") "ACTION=remove\0DEVPATH=" REAL, true),
		CASE(HEADER("l") "ACTION=remove\0DEVPATH=" VIRTUAL, false),
		CASE(HEADER("l") "DEVPATH=" VIRTUAL "\0ACTION=remove\0X=12345678901234567890",
			true),
		CASE(HEADER("X") VERSION "ACTION=add\0DEVPATH=" REAL, false),
	};
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 'X', 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_fprog others = {ARRAY_LENGTH(code), code};
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair), 0);
	assert_true(filter_prepend(pair[1]) < 0); /* to none: nothing would judge the rest */
	assert_int_equal(
		setsockopt(pair[1], SOL_SOCKET, SO_ATTACH_FILTER, &others, sizeof(others)), 0);
	assert_int_equal(filter_prepend(pair[1]), 0);
	check(pair, cases, ARRAY_LENGTH(cases));
	close(pair[0]);
	close(pair[1]);
}

static void a_file_takes_no_filter(void **state)
{
	(void)state;
	assert_true(filter_attach(STDIN_FILENO) < 0);
	assert_true(filter_prepend(STDIN_FILENO) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(virtual_devices_are_dropped),
		cmocka_unit_test(two_filters_judge_what_udevd_says),
		cmocka_unit_test(a_file_takes_no_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
