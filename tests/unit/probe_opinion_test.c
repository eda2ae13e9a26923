/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libusb on this machine's own sysfs, which may have no USB at all. */
#include "io/probe/opinion.h"
#include "lib/unit.h"

#include <dirent.h>

static int count_entries(const char *path)
{
	DIR *folder = opendir(path);
	int count = 0;

	assert_non_null(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static void nothing_is_left_behind(void **state)
{
	struct vector opinions = {0};
	int descriptors = count_entries("/proc/self/fd");

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(opinion_list(&opinions), 0);
		assert_int_equal(count_entries("/proc/self/task"), 3); /* one, `.` and `..` */
		assert_int_equal(count_entries("/proc/self/fd"), descriptors);
	}
	opinions_done(&opinions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_left_behind)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
