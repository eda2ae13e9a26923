/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The listening socket: what it replaces and what it leaves alone, its rights, its removal. */
#include "io/socket/listen.h"

#include "base/error.h"
#include "base/memory.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define NO_GROUP NULL

struct place {
	char folder[64];
	char path[96];
};

static int set_up(void **state)
{
	struct place *place = memory_allocate(sizeof(*place));

	strcpy(place->folder, "/tmp/hostdevd-listen-XXXXXX");
	if (!mkdtemp(place->folder))
		return -1;
	snprintf(place->path, sizeof(place->path), "%s/made/it.sock", place->folder);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	char made[96];

	snprintf(made, sizeof(made), "%s/made", place->folder);
	unlink(place->path);
	rmdir(made);
	rmdir(place->folder);
	free(place);
	return 0;
}

static mode_t mode_of(const char *path)
{
	struct stat status;

	return lstat(path, &status) < 0 ? 0 : status.st_mode & 07777;
}

static int reach(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error = 0;

	strcpy(address.sun_path, path);
	if (connect(descriptor, (struct sockaddr *)&address, sizeof(address)) < 0)
		error = error_from_errno();
	close(descriptor);
	return error;
}

static void test_without_group(void **state)
{
	const struct place *place = *state;
	struct listen_place made;
	int descriptor = -1;
	mode_t mask = umask(0);
	char folder[96];

	assert_int_equal(listen_open(place->path, NO_GROUP, &made, &descriptor), LISTEN_NO_GROUP);
	umask(mask);
	assert_int_equal(mode_of(place->path), 0600);
	snprintf(folder, sizeof(folder), "%s/made", place->folder);
	assert_int_equal(mode_of(folder), 0755);
	assert_int_equal(reach(place->path), 0);
	close(descriptor);
}

static void test_with_group(void **state)
{
	const struct place *place = *state;
	gid_t group = getgid();
	struct listen_place made;
	struct stat status;
	int descriptor = -1;
	mode_t mask = umask(077);

	assert_int_equal(listen_open(place->path, &group, &made, &descriptor), 0);
	umask(mask);
	assert_int_equal(mode_of(place->path), 0660);
	assert_int_equal(lstat(place->path, &status), 0);
	assert_int_equal(status.st_gid, group);
	close(descriptor);
}

static void test_replaces_only_a_stale_socket(void **state)
{
	const struct place *place = *state;
	struct listen_place made;
	int first = -1;
	int second = -1;

	assert_true(listen_open(place->path, NO_GROUP, &made, &first) >= 0);
	assert_int_equal(listen_open(place->path, NO_GROUP, &made, &second), -EADDRINUSE);
	assert_int_equal(second, -1);
	close(first);
	assert_int_equal(reach(place->path), -ECONNREFUSED);
	assert_true(listen_open(place->path, NO_GROUP, &made, &second) >= 0);
	assert_int_equal(reach(place->path), 0);
	close(second);
}

static void test_leaves_other_files_alone(void **state)
{
	const struct place *place = *state;
	struct listen_place made;
	int descriptor = -1;
	char folder[96];

	snprintf(folder, sizeof(folder), "%s/made", place->folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	close(open(place->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_int_equal(listen_open(place->path, NO_GROUP, &made, &descriptor), -ENOTSOCK);
	assert_int_equal(access(place->path, F_OK), 0);
	assert_int_equal(mode_of(folder), 0700); /* it was there before */
	assert_int_equal(unlink(place->path), 0);
	assert_int_equal(symlink("/dev/null", place->path), 0);
	assert_int_equal(listen_open(place->path, NO_GROUP, &made, &descriptor), -ENOTSOCK);
}

static void test_impossible_paths(void **state)
{
	struct listen_place made;
	int descriptor = -1;
	char path[200];

	(void)state;
	memset(path, 'x', sizeof(path));
	memcpy(path, "/tmp/", 5);
	path[108] = '\0';
	assert_int_equal(listen_open(path, NO_GROUP, &made, &descriptor), -ENAMETOOLONG);
	assert_int_equal(listen_open("", NO_GROUP, &made, &descriptor), -EINVAL);
	assert_int_equal(listen_open("/nowhere/at/all/s", NO_GROUP, &made, &descriptor), -ENOENT);
	assert_int_equal(descriptor, -1);
}

static void test_removes_only_its_own(void **state)
{
	const struct place *place = *state;
	struct listen_place first;
	struct listen_place second;
	int descriptor = -1;
	char aside[112];

	assert_true(listen_open(place->path, NO_GROUP, &first, &descriptor) >= 0);
	close(descriptor);
	snprintf(aside, sizeof(aside), "%s.aside", place->path); /* keeps its inode number */
	assert_int_equal(rename(place->path, aside), 0);
	assert_true(listen_open(place->path, NO_GROUP, &second, &descriptor) >= 0);
	close(descriptor);
	listen_remove(place->path, &first);
	assert_int_equal(access(place->path, F_OK), 0);
	listen_remove(place->path, &second);
	assert_int_equal(access(place->path, F_OK), -1);
	listen_remove(place->path, &second);
	assert_int_equal(unlink(aside), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_without_group, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_with_group, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_replaces_only_a_stale_socket, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_leaves_other_files_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_impossible_paths, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_removes_only_its_own, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
