/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmocka.h with what must stand before it. */
#pragma once

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

/* cmocka 2 has deprecated assert_in_range, and cmocka 1 has no other. */
#define assert_within(value, least, most)                                                          \
	do {                                                                                       \
		long long value_ = (long long)(value);                                             \
                                                                                                   \
		if (value_ < (long long)(least) || value_ > (long long)(most))                     \
			fail_msg("%lld is not within %lld and %lld", value_, (long long)(least),   \
				(long long)(most));                                                \
	} while (0)
