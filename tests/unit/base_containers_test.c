/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Vectors, lists, numbers, UTF-8, clocks and files. */
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/utf8.h"
#include "base/vector.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void test_vector(void **state)
{
	static int items[100];
	struct vector vector = {0};

	(void)state;
	for (int i = 0; i < 100; i += 2)
		vector_add(&vector, &items[i]);
	for (size_t i = 1; i < 100; i += 2)
		vector_insert(&vector, i, &items[i]);
	assert_int_equal(vector.count, 100);
	for (size_t i = 0; i < 100; i++)
		assert_ptr_equal(vector.items[i], &items[i]);
	assert_ptr_equal(vector_remove(&vector, 0), &items[0]);
	assert_ptr_equal(vector_remove(&vector, 98), &items[99]);
	assert_ptr_equal(vector_remove(&vector, 1), &items[2]);
	assert_int_equal(vector.count, 97);
	assert_ptr_equal(vector.items[1], &items[3]);
	vector_done(&vector);
	assert_int_equal(vector.count, 0);
	vector_done(&vector);
}

struct entry {
	int number;
	struct list_link link; /* the list of this test */
};

static void test_list(void **state)
{
	struct entry entries[4] = {{.number = 0}, {.number = 1}, {.number = 2}, {.number = 3}};
	struct list_link list;
	int seen = 0;

	(void)state;
	list_init(&list);
	assert_true(list_is_empty(&list));
	for (int i = 0; i < 4; i++)
		list_append(&list, &entries[i].link);
	list_for_each(at, &list) {
		struct entry *entry = container_of(at, struct entry, link);

		assert_int_equal(entry->number, seen++);
		if (entry->number % 2)
			list_remove(at);
	}
	assert_int_equal(seen, 4);
	assert_ptr_equal(list.next, &entries[0].link);
	assert_ptr_equal(list.previous, &entries[2].link);
	list_remove(&entries[1].link); /* on no list: harmless */
	list_remove(&entries[0].link);
	list_remove(&entries[2].link);
	assert_true(list_is_empty(&list));
}

static void test_number(void **state)
{
	static const struct {
		const char *digits;
		unsigned base;
		uint64_t most;
		bool good;
		uint64_t want;
	} cases[] = {
		{"0", 10, 0, true, 0},
		{"1", 10, 0, false, 0},
		{"007", 10, 7, true, 7},
		{"8", 10, 7, false, 0},
		{"18446744073709551615", 10, UINT64_MAX, true, UINT64_MAX},
		{"18446744073709551616", 10, UINT64_MAX, false, 0},
		{"99999999999999999999999", 10, UINT64_MAX, false, 0},
		{"ffffffffffffffff", 16, UINT64_MAX, true, UINT64_MAX},
		{"10000000000000000", 16, UINT64_MAX, false, 0},
		{"aF", 16, 0xff, true, 0xaf},
		{"100", 16, 0xff, false, 0},
		{"a", 10, 100, false, 0},
		{"g", 16, 100, false, 0},
		{"", 10, 100, false, 0},
		{" 1", 10, 100, false, 0},
		{"-1", 10, 100, false, 0},
		{"+1", 10, 100, false, 0},
		{"0x1", 16, 100, false, 0},
		{"255", 10, 255, true, 255},
		{"256", 10, 255, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		uint64_t number = 4711;
		bool good = number_parse(cases[i].digits, strlen(cases[i].digits), cases[i].base,
			cases[i].most, &number);

		if (good != cases[i].good || number != (good ? cases[i].want : 4711))
			fail_msg("%s: is %d, %llu", cases[i].digits, good,
				(unsigned long long)number);
	}
}

static void test_utf8(void **state)
{
	static const struct {
		const char *bytes;
		size_t want;
	} cases[] = {
		{"a", 1},
		{"\x7f", 1},
		{"\x80", 0},
		{"\xc1\xbf", 0}, /* overlong */
		{"\xc2\x80", 2},
		{"\xdf\xbf", 2},
		{"\xdf", 0},
		{"\xc3"
		 "a",
			0},
		{"\xe0\x9f\xbf", 0}, /* overlong */
		{"\xe0\xa0\x80", 3},
		{"\xed\x9f\xbf", 3},
		{"\xed\xa0\x80", 0}, /* a surrogate */
		{"\xef\xbf\xbf", 3},
		{"\xef\xbf", 0},
		{"\xf0\x8f\xbf\xbf", 0}, /* overlong */
		{"\xf0\x90\x80\x80", 4},
		{"\xf4\x8f\xbf\xbf", 4},
		{"\xf4\x90\x80\x80", 0}, /* above U+10FFFF */
		{"\xf5\x80\x80\x80", 0},
		{"\xf0\x90\x80", 0},
		{"", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
		if (utf8_sequence(cases[i].bytes, strlen(cases[i].bytes)) != cases[i].want)
			fail_msg("case %zu: want %zu", i, cases[i].want);
}

#define BAD "\xef\xbf\xbd"

static void test_utf8_clean(void **state)
{
	static const struct {
		const char *bytes;
		const char *want;
	} cases[] = {
		{"", ""},
		{"abc \xc3\xa4 \xf0\x9f\x98\x80", "abc \xc3\xa4 \xf0\x9f\x98\x80"},
		{"a\tb\nc\x7f", "a" BAD "b" BAD "c" BAD},
		{"\x01\x1b[1m\x1f~ ", BAD BAD "[1m" BAD "~ "},
		{"\xc2\x85\xc2\xa0", BAD "\xc2\xa0"},
		{"\xff\xfe", BAD BAD},
		{"\xc3", BAD},
		{"\xed\xa0\x80", BAD BAD BAD},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct buffer buffer = {0};

		utf8_clean(&buffer, cases[i].bytes, strlen(cases[i].bytes));
		assert_string_equal(buffer_string(&buffer), cases[i].want);
		assert_int_equal(
			utf8_is_clean(cases[i].bytes), strcmp(cases[i].bytes, cases[i].want) == 0);
		buffer_done(&buffer);
	}
}

static void test_clock(void **state)
{
	int64_t before = clock_monotonic();

	(void)state;
	usleep(2000);
	assert_true(clock_monotonic() - before >= 2 * CLOCK_MILLISECOND);
	assert_true(clock_real() > INT64_C(1700000000) * CLOCK_SECOND);
}

static void write_file(int folder, const char *name, size_t length)
{
	int file = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	char *bytes = memory_allocate(length + 1);

	memset(bytes, 'x', length);
	assert_true(file >= 0);
	assert_int_equal(write(file, bytes, length), length);
	close(file);
	free(bytes);
}

static void test_file_read(void **state)
{
	static const size_t lengths[] = {0, 1, 4095, 4096, 4097, 10000};
	char root[] = "/tmp/hostdevd-file-XXXXXX";
	struct buffer buffer = {0};
	int folder;

	(void)state;
	assert_non_null(mkdtemp(root));
	folder = open(root, O_RDONLY | O_DIRECTORY);
	buffer_add_string(&buffer, "before");
	for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
		write_file(folder, "f", lengths[i]);
		assert_int_equal(file_read_at(folder, "f", lengths[i], &buffer), 0);
		assert_int_equal(buffer.length, 6 + lengths[i]);
		buffer.length = 6;
		if (lengths[i] == 0)
			continue;
		assert_int_equal(file_read_at(folder, "f", lengths[i] - 1, &buffer), -EFBIG);
		assert_int_equal(buffer.length, 6);
	}
	assert_int_equal(file_read_at(folder, "none", 1, &buffer), -ENOENT);
	assert_int_equal(file_read_at(AT_FDCWD, root, 1, &buffer), -EISDIR);
	assert_string_equal(buffer_string(&buffer), "before");
	buffer_done(&buffer);
	unlinkat(folder, "f", 0);
	close(folder);
	rmdir(root);
}

static void test_file_link(void **state)
{
	char root[] = "/tmp/hostdevd-link-XXXXXX";
	char base[8] = "old";
	int folder;

	(void)state;
	assert_non_null(mkdtemp(root));
	folder = open(root, O_RDONLY | O_DIRECTORY);
	assert_int_equal(symlinkat("../../drivers/vfio-xy", folder, "long"), 0);
	assert_int_equal(symlinkat("../../drivers/nvme", folder, "driver"), 0);
	assert_int_equal(symlinkat("plain", folder, "plain"), 0);
	assert_int_equal(file_link_base_at(folder, "none", base, sizeof(base)), -ENOENT);
	assert_int_equal(file_link_base_at(folder, "long", base, 7), -ENAMETOOLONG);
	assert_string_equal(base, "old");
	assert_int_equal(file_link_base_at(folder, "long", base, 8), 0);
	assert_string_equal(base, "vfio-xy");
	assert_int_equal(file_link_base_at(folder, "driver", base, sizeof(base)), 0);
	assert_string_equal(base, "nvme");
	assert_int_equal(file_link_base_at(folder, "plain", base, sizeof(base)), 0);
	assert_string_equal(base, "plain");
	unlinkat(folder, "long", 0);
	unlinkat(folder, "driver", 0);
	unlinkat(folder, "plain", 0);
	close(folder);
	rmdir(root);
}

static void test_error(void **state)
{
	(void)state;
	errno = EACCES;
	assert_int_equal(error_from_errno(), -EACCES);
	errno = 0;
	assert_int_equal(error_from_errno(), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vector),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_number),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_utf8_clean),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_file_read),
		cmocka_unit_test(test_file_link),
		cmocka_unit_test(test_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
