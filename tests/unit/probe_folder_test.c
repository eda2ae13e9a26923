/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/memory.h"
#include "io/probe/folder.h"
#include "lib/tree.h"
#include "lib/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tree tree;
static struct folder folder;

static int set_up(void **state)
{
	(void)state;
	tree_make(&tree);
	folder = (struct folder){.descriptor = tree.descriptor};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	tree_remove(&tree);
	return 0;
}

static void attributes_lose_only_their_line_end(void **state)
{
	static const struct {
		const char *content;
		size_t length;
		const char *want;
	} cases[] = {
		{"0x8086\n", 7, "0x8086"},
		{"", 0, ""},
		{"\n", 1, ""},
		{" 2.00\n", 6, " 2.00"},
		{"two\nlines\n\n", 11, "two\nlines\n"},
		{"A\0B\n", 4, "A\1B"},
		{"\xff\xfe", 2, "\xff\xfe"},
	};
	char value[ATTRIBUTE_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		tree_write_bytes(&tree, "attribute", cases[i].content, cases[i].length);
		assert_true(folder_read(&folder, "attribute", value));
		assert_string_equal(value, cases[i].want);
	}
}

static void a_page_is_read_whole(void **state)
{
	char content[ATTRIBUTE_SIZE + 1];
	char value[ATTRIBUTE_SIZE];

	(void)state;
	memset(content, 'x', sizeof(content));
	tree_write_bytes(&tree, "page", content, 4096);
	assert_true(folder_read(&folder, "page", value));
	assert_int_equal(strlen(value), 4096);
	tree_write_bytes(&tree, "more", content, sizeof(content));
	assert_true(folder_read(&folder, "more", value));
	assert_int_equal(strlen(value), 4096);
}

static void what_cannot_be_read_is_absent(void **state)
{
	char value[ATTRIBUTE_SIZE] = "untouched";

	(void)state;
	tree_link(&tree, "loop", "loop");
	tree_link(&tree, "dangling", "nowhere");
	tree_write(&tree, "folder/file", "");
	assert_int_equal(mkfifoat(tree.descriptor, "fifo", 0600), 0);
	assert_false(folder_read(&folder, "missing", value));
	assert_false(folder_read(&folder, "loop", value));
	assert_false(folder_read(&folder, "dangling", value));
	assert_false(folder_read(&folder, "folder", value));
	assert_string_equal(value, "untouched");
	/* nobody writes to it: must not wait */
	assert_true(folder_read(&folder, "fifo", value));
	assert_int_equal(folder.error, 0);
}

static void want_of_descriptors_is_no_absence(void **state)
{
	struct rlimit before;
	struct rlimit none;
	char value[ATTRIBUTE_SIZE];

	(void)state;
	tree_write(&tree, "vendor", "0x8086\n");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){0, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_false(folder_read(&folder, "vendor", value));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(folder.error, -EMFILE);
}

static void numbers_are_strict(void **state)
{
	static const struct {
		const char *content;
		unsigned base;
		uint64_t most;
		int64_t want; /* -1: absent */
	} cases[] = {
		{"0x10de\n", 16, 0xffff, 0x10de},
		{"10DE\n", 16, 0xffff, 0x10de},
		{"0x110de\n", 16, 0xffff, -1},
		{"0x\n", 16, 0xffff, -1},
		{"0xzz\n", 16, 0xffff, -1},
		{"7\n", 10, 65535, 7},
		{"0x7\n", 10, 65535, -1},
		{"-1\n", 10, 65535, -1},
		{"65536\n", 10, 65535, -1},
		{"", 10, 65535, -1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		uint64_t number = 4711;

		tree_write(&tree, "number", cases[i].content);
		assert_int_equal(folder_read_number(
					 &folder, "number", cases[i].base, cases[i].most, &number),
			cases[i].want >= 0);
		assert_int_equal(number, cases[i].want < 0 ? 4711 : cases[i].want);
	}
}

static void links_give_their_last_component(void **state)
{
	char base[ENTRY_SIZE] = "untouched";

	(void)state;
	tree_write(&tree, "file", "");
	assert_false(folder_read_link(&folder, "missing", base));
	assert_false(folder_read_link(&folder, "file", base));
	assert_string_equal(base, "untouched");
	tree_link(&tree, "driver", "../../../bus/pci/drivers/vfio-pci");
	assert_true(folder_read_link(&folder, "driver", base));
	assert_string_equal(base, "vfio-pci");
	tree_link(&tree, "loop", "loop");
	assert_true(folder_read_link(&folder, "loop", base));
	assert_string_equal(base, "loop");
}

static void another_inode_is_another_device(void **state)
{
	struct stat status;
	char other[PATH_MAX];

	(void)state;
	assert_int_equal(stat(tree.path, &status), 0);
	folder.life = status.st_ino;
	snprintf(folder.path, sizeof(folder.path), "%s", tree.path);
	assert_int_equal(folder_check(&folder), FOLDER_SAME);
	snprintf(other, sizeof(other), "%.64s-moved", tree.path);
	assert_int_equal(rename(tree.path, other), 0);
	assert_int_equal(folder_check(&folder), FOLDER_VANISHED);
	assert_int_equal(mkdir(tree.path, 0700), 0);
	assert_int_equal(folder_check(&folder), FOLDER_REPLACED);
	assert_int_equal(rmdir(tree.path), 0);
	assert_int_equal(rename(other, tree.path), 0);
}

static void a_device_that_is_not_there_is_gone(void **state)
{
	struct folder missing;

	(void)state;
	assert_int_equal(folder_open(KIND_PCI, "ffff:ff:1f.7", &missing), FOLDER_GONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(attributes_lose_only_their_line_end),
		TEST(a_page_is_read_whole),
		TEST(what_cannot_be_read_is_absent),
		TEST(want_of_descriptors_is_no_absence),
		TEST(numbers_are_strict),
		TEST(links_give_their_last_component),
		TEST(another_inode_is_another_device),
		TEST(a_device_that_is_not_there_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
