/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directories that override and mask each other, in a temporary place. */
#include "rules/files.h"
#include "unit/rules_helper.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
	char root[64];
	char paths[3][80];
	struct vector directories;
	struct rule_errors errors;
	struct vector texts;
};

static int set_up(void **state)
{
	struct place *place = memory_allocate(sizeof(*place));

	strcpy(place->root, "/tmp/hostdevd-rules-XXXXXX");
	if (!mkdtemp(place->root))
		return -1;
	for (int i = 0; i < 3; i++) {
		snprintf(place->paths[i], sizeof(place->paths[i]), "%s/%d", place->root, i);
		if (mkdir(place->paths[i], 0755) < 0)
			return -1;
		vector_add(&place->directories, place->paths[i]);
	}
	*state = place;
	return 0;
}

static int remove_entry(const char *path, const struct stat *status, int flag, struct FTW *at)
{
	(void)status, (void)flag, (void)at;
	return remove(path);
}

static int tear_down(void **state)
{
	struct place *place = *state;

	nftw(place->root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	rule_errors_done(&place->errors);
	rule_texts_done(&place->texts);
	vector_done(&place->directories);
	free(place);
	return 0;
}

static void path_of(const struct place *place, const char *below, char path[160])
{
	snprintf(path, 160, "%s/%s", place->root, below);
}

static void put(const struct place *place, const char *below, const char *bytes, size_t length)
{
	char path[160];
	int file;

	path_of(place, below, path);
	file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(file >= 0);
	assert_int_equal(write(file, bytes, length), length);
	close(file);
}

static void put_string(const struct place *place, const char *below, const char *string)
{
	put(place, below, string, strlen(string));
}

static void put_link(const struct place *place, const char *below, const char *target)
{
	char path[160];

	path_of(place, below, path);
	assert_int_equal(symlink(target, path), 0);
}

/* Reads anew; the content of all texts in order, as one string. */
static int read_place(struct place *place, char contents[200])
{
	int result;

	rule_errors_done(&place->errors);
	rule_texts_done(&place->texts);
	result = rule_files_read(
		&place->directories, false, geteuid(), &place->errors, &place->texts);
	contents[0] = '\0';
	for (size_t i = 0; i < place->texts.count; i++) {
		const struct rule_text *text = place->texts.items[i];

		assert_int_equal(strlen(text->bytes), text->length);
		strncat(contents, text->bytes, 20);
	}
	assert_int_equal(result, place->errors.errors.count > 0 ? LOAD_INVALID : 0);
	return result;
}

static void expect_error(struct place *place, const char *below, const char *message)
{
	char contents[200];
	char path[160];
	const struct rule_error *error;

	path_of(place, below, path);
	assert_int_equal(read_place(place, contents), LOAD_INVALID);
	assert_int_equal(place->errors.errors.count, 1);
	error = place->errors.errors.items[0];
	assert_string_equal(error->file, path);
	assert_int_equal(error->line, 0);
	assert_string_equal(error->message, message);
	assert_true(error->hint[0] != '\0');
}

static void test_order_and_override(void **state)
{
	struct place *place = *state;
	char contents[200];
	char path[160];

	put_string(place, "0/20-b.conf", "b0 ");
	put_string(place, "0/10-a.conf", "a0 ");
	put_string(place, "1/15-c.conf", "c1 ");
	put_string(place, "2/20-b.conf", "b2 ");
	put_string(place, "1/20-b.conf", "b1 ");
	put_string(place, "0/README", "x");
	put_string(place, "0/10-a.conf~", "x");
	put_string(place, "0/.10-a.conf", "x");
	put_string(place, "0/.conf", "x");
	assert_int_equal(read_place(place, contents), 0);
	assert_string_equal(contents, "a0 c1 b2 ");
	path_of(place, "2/20-b.conf", path);
	assert_string_equal(((struct rule_text *)place->texts.items[2])->file, path);
}

static void test_mask(void **state)
{
	struct place *place = *state;
	char contents[200];

	put_string(place, "0/10-a.conf", "a0 ");
	put_string(place, "0/20-b.conf", "b0 ");
	put_link(place, "1/10-a.conf", "/dev/null");
	assert_int_equal(read_place(place, contents), 0);
	assert_string_equal(contents, "b0 ");
	/* what comes later counts, whatever it is */
	put_string(place, "2/10-a.conf", "a2 ");
	assert_int_equal(read_place(place, contents), 0);
	assert_string_equal(contents, "a2 b0 ");
}

static void test_links(void **state)
{
	struct place *place = *state;
	char contents[200];

	put_string(place, "0/target", "t ");
	put_link(place, "1/10-a.conf", "../0/target");
	assert_int_equal(read_place(place, contents), 0);
	assert_string_equal(contents, "t ");
	put_link(place, "1/20-b.conf", "nowhere");
	expect_error(place, "1/20-b.conf", "cannot read it: No such file or directory");
}

static void test_missing_directory(void **state)
{
	struct place *place = *state;
	char contents[200];

	put_string(place, "0/10-a.conf", "a0 ");
	assert_int_equal(rmdir(place->paths[2]), 0);
	assert_int_equal(read_place(place, contents), 0);
	assert_string_equal(contents, "a0 ");
	put_string(place, "2", "not a folder");
	expect_error(place, "2", "cannot list it: Not a directory");
}

static void test_odd_files(void **state)
{
	struct place *place = *state;
	char path[160];

	path_of(place, "0/10-a.conf", path);
	assert_int_equal(mkfifo(path, 0644), 0);
	expect_error(place, "0/10-a.conf", "not a regular file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0755), 0);
	expect_error(place, "0/10-a.conf", "not a regular file");
	assert_int_equal(rmdir(path), 0);
	put_link(place, "0/10-a.conf", "/dev/zero");
	expect_error(place, "0/10-a.conf", "not a regular file");
}

static void test_permissions(void **state)
{
	struct place *place = *state;
	char contents[200];
	char path[160];

	put_string(place, "0/10-a.conf", "a0 ");
	path_of(place, "0/10-a.conf", path);
	assert_int_equal(chmod(path, 0646), 0);
	expect_error(place, "0/10-a.conf", "everybody may write it");
	if (geteuid() != 0)
		return;
	/* root's group, and the owner's own, may write */
	assert_int_equal(chmod(path, 0664), 0);
	assert_int_equal(read_place(place, contents), 0);
	assert_int_equal(chown(path, 0, 12345), 0);
	expect_error(place, "0/10-a.conf", "group 12345 may write it");
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(read_place(place, contents), 0);
	assert_int_equal(chown(path, 12345, 0), 0);
	expect_error(place, "0/10-a.conf", "owned by user 12345");
}

static void test_folder_permissions(void **state)
{
	struct place *place = *state;
	char contents[200];

	put_string(place, "0/10-a.conf", "a0 ");
	assert_int_equal(chmod(place->paths[1], 0777), 0);
	expect_error(place, "1", "everybody may write it");
	assert_int_equal(chmod(place->paths[1], 01777), 0);
	expect_error(place, "1", "everybody may write it");
	assert_int_equal(chmod(place->paths[1], 0755), 0);
	if (geteuid() != 0)
		return;
	assert_int_equal(chown(place->paths[0], 12345, 0), 0);
	expect_error(place, "0", "owned by user 12345");
	assert_int_equal(place->texts.count, 0);
	assert_int_equal(chown(place->paths[0], 0, 12345), 0);
	assert_int_equal(read_place(place, contents), 0);
	assert_int_equal(chmod(place->paths[0], 0775), 0);
	expect_error(place, "0", "group 12345 may write it");
	assert_int_equal(chown(place->paths[0], 0, 0), 0);
	assert_int_equal(read_place(place, contents), 0);
	assert_string_equal(contents, "a0 ");
}

static void test_link_owners(void **state)
{
	struct place *place = *state;
	char contents[200];
	char path[160];

	if (geteuid() != 0)
		skip();
	put_string(place, "0/10-a.conf", "a0 ");
	put_link(place, "1/10-a.conf", "/dev/null");
	path_of(place, "1/10-a.conf", path);
	assert_int_equal(lchown(path, 12345, 0), 0);
	expect_error(place, "1/10-a.conf", "a link owned by user 12345");
	assert_int_equal(lchown(path, 0, 12345), 0);
	assert_int_equal(read_place(place, contents), 0);
	assert_string_equal(contents, "");
}

static void test_sizes(void **state)
{
	struct place *place = *state;
	size_t most = 4 << 20;
	char *bytes = memory_allocate(most + 2);
	char contents[200];
	char name[16];
	const struct rule_error *error;

	memset(bytes, '\n', most + 1);
	put(place, "0/10-a.conf", bytes, most);
	assert_int_equal(read_place(place, contents), 0);
	put(place, "0/10-a.conf", bytes, most + 1);
	expect_error(place, "0/10-a.conf", "larger than 4 MiB");
	for (int i = 1; i <= 4; i++) {
		snprintf(name, sizeof(name), "0/%d0-a.conf", i);
		put(place, name, bytes, most);
	}
	assert_int_equal(read_place(place, contents), 0);
	put(place, "0/50-a.conf", "\n", 1);
	assert_int_equal(read_place(place, contents), LOAD_INVALID);
	assert_int_equal(place->errors.errors.count, 1);
	error = place->errors.errors.items[0];
	assert_non_null(strstr(error->file, "50-a.conf"));
	assert_non_null(strstr(error->message, "16 MiB"));
	free(bytes);
}

static void test_default_directories(void **state)
{
	(void)state;
	assert_string_equal(rule_default_directories[0], "/usr/lib/hostdevd/rules.d");
	assert_string_equal(rule_default_directories[1], "/run/hostdevd/rules.d");
	assert_string_equal(rule_default_directories[2], "/etc/hostdevd/rules.d");
	assert_null(rule_default_directories[3]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order_and_override, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mask, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_links, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_missing_directory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_odd_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_permissions, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_folder_permissions, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_link_owners, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sizes, set_up, tear_down),
		cmocka_unit_test(test_default_directories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
