/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A real full disk: a tmpfs of 1 MiB, in a mount namespace of this process. */
#include "base/memory.h"
#include "lib/storage.h"
#include "lib/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BALLAST (256 * 1024)

static char disk[] = "/tmp/hostdevd-test-XXXXXX";
static const char *missing; /* what this machine lacks */
static struct storage storage;

static int enter_namespace(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(disk));
	if (geteuid() != 0)
		missing = "needs root";
	else if (unshare(CLONE_NEWNS) < 0 ||
		 mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		missing = "needs a mount namespace of its own";
	return 0;
}

static int leave_namespace(void **state)
{
	(void)state;
	return rmdir(disk);
}

static int set_up(void **state)
{
	(void)state;
	if (missing)
		return 0;
	assert_int_equal(mount("tmpfs", disk, "tmpfs", 0, "size=1m"), 0);
	storage_make(&storage, disk);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (missing)
		return 0;
	storage_remove(&storage);
	return umount2(disk, MNT_DETACH);
}

static void need_disk(void)
{
	if (!missing)
		return;
	print_message("# SKIP %s\n", missing);
	skip();
}

static void fill_disk(void)
{
	char path[100];
	char page[4096] = "";
	int file;

	snprintf(path, sizeof(path), "%s/filler", disk);
	file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	while (write(file, page, sizeof(page)) > 0)
		;
	assert_int_equal(errno, ENOSPC);
	close(file);
}

static void empty_disk(void)
{
	char path[100];

	snprintf(path, sizeof(path), "%s/filler", disk);
	assert_int_equal(unlink(path), 0);
}

static off_t ballast_size(void)
{
	struct stat status;
	char path[100];

	snprintf(path, sizeof(path), "%s/ballast", storage.path);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_blocks * 512, status.st_size); /* really allocated */
	return status.st_size;
}

static enum batch_outcome claim(int64_t first, int *ret_error)
{
	struct batch *batch = batch_new();

	for (int64_t number = first; number < first + 50; number++)
		storage_put(batch, number, false);
	return storage_commit(&storage, batch, ret_error);
}

static enum batch_outcome release_and_claim(int64_t number, int64_t claimed, int *ret_error)
{
	struct batch *batch = batch_new();

	storage_put(batch, claimed, false);
	storage_delete(batch, number, true);
	storage_put(batch, claimed + 1, false);
	return storage_commit(&storage, batch, ret_error);
}

/* What a start after kill -9 would find. */
static void load_copy(struct stored *ret_stored)
{
	struct storage copy;

	storage_copy(&storage, &copy);
	storage_load(&copy, 0, ret_stored);
	storage_remove(&copy);
}

static void claims_fail_and_releases_are_written(void **state)
{
	struct stored stored = {0};
	int error = 0;

	(void)state;
	need_disk();
	assert_int_equal(claim(1, NULL), BATCH_COMMITTED);
	assert_int_equal(ballast_size(), BALLAST);
	fill_disk();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(claim(1000, &error), BATCH_FAILED);
		assert_int_equal(error, -ENOSPC);
		assert_int_equal(ballast_size(), BALLAST); /* not for claims */
	}
	assert_int_equal(release_and_claim(7, 2000, &error), BATCH_ESSENTIAL);
	assert_int_equal(error, -ENOSPC);
	load_copy(&stored);
	assert_int_equal(stored.instances.count, 49);
	assert_null(storage_find(&stored, 7));
	assert_null(storage_find(&stored, 2000));
	assert_null(storage_find(&stored, 2001));
	assert_int_equal(stored.next_number, 51);
	stored_done(&stored);
	assert_within(ballast_size(), BALLAST / 2, BALLAST); /* what was not used is back */
}

static void a_batch_of_releases_only_is_committed(void **state)
{
	struct batch *batch = batch_new();
	int error = 1;

	(void)state;
	need_disk();
	assert_int_equal(claim(1, NULL), BATCH_COMMITTED);
	fill_disk();
	storage_delete(batch, 1, true);
	storage_delete(batch, 2, true);
	assert_int_equal(storage_commit(&storage, batch, &error), BATCH_COMMITTED);
	assert_int_equal(error, 0);
}

/* Far more releases than the ballast has room for in the log. */
static void releases_never_run_out_of_room(void **state)
{
	struct stored stored = {0};

	(void)state;
	need_disk();
	assert_int_equal(claim(1, NULL), BATCH_COMMITTED);
	fill_disk();
	for (int round = 0; round < 500; round++) {
		struct batch *batch = batch_new();

		storage_put(batch, 1 + round % 50, true); /* an unassign, say */
		assert_int_equal(storage_commit(&storage, batch, NULL), BATCH_COMMITTED);
	}
	for (int64_t number = 1; number <= 50; number++) {
		struct batch *batch = batch_new();

		storage_delete(batch, number, true);
		assert_int_equal(storage_commit(&storage, batch, NULL), BATCH_COMMITTED);
	}
	load_copy(&stored);
	assert_int_equal(stored.instances.count, 0);
	stored_done(&stored);
}

static void without_ballast_nothing_is_told_that_is_not(void **state)
{
	struct stored stored = {0};
	char path[100];
	int error = 0;

	(void)state;
	need_disk();
	assert_int_equal(claim(1, NULL), BATCH_COMMITTED);
	snprintf(path, sizeof(path), "%s/ballast", storage.path);
	assert_int_equal(unlink(path), 0);
	fill_disk();
	assert_int_equal(release_and_claim(7, 2000, &error), BATCH_FAILED);
	assert_int_equal(error, -ENOSPC);
	load_copy(&stored);
	assert_int_equal(stored.instances.count, 50);
	stored_done(&stored);
	empty_disk();
	assert_int_equal(release_and_claim(7, 2000, &error), BATCH_COMMITTED);
	assert_int_equal(error, 0);
	assert_int_equal(ballast_size(), BALLAST); /* made again */
}

static void room_ends_it_all(void **state)
{
	(void)state;
	need_disk();
	assert_int_equal(claim(1, NULL), BATCH_COMMITTED);
	fill_disk();
	assert_int_equal(release_and_claim(7, 2000, NULL), BATCH_ESSENTIAL);
	fill_disk(); /* somebody takes what the release left */
	empty_disk();
	assert_int_equal(claim(1000, NULL), BATCH_COMMITTED);
	assert_int_equal(ballast_size(), BALLAST);
}

static void leave_killed(void)
{
	struct storage child = {.store = NULL};

	strcpy(child.path, storage.path);
	storage_open(&child, 0);
	storage_commit_put(&child, 100);
	fill_disk();
	_exit(0);
}

/* Killed or stopped on a full disk, it starts there again, and takes back what is released. */
static void it_starts_on_a_full_disk(void **state)
{
	struct stored stored = {0};
	struct batch *batch = batch_new();
	int status;
	pid_t child;

	(void)state;
	need_disk();
	assert_int_equal(claim(1, NULL), BATCH_COMMITTED);
	storage_close(&storage);
	child = fork();
	if (child == 0)
		leave_killed();
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	storage_load(&storage, 0, &stored);
	assert_int_equal(stored.instances.count, 51);
	stored_done(&stored);
	fill_disk();
	storage_load(&storage, 0, &stored);
	assert_int_equal(stored.instances.count, 51);
	stored_done(&stored);
	fill_disk();
	storage_delete(batch, 100, true);
	assert_int_equal(storage_commit(&storage, batch, NULL), BATCH_COMMITTED);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(claims_fail_and_releases_are_written),
		TEST(a_batch_of_releases_only_is_committed),
		TEST(releases_never_run_out_of_room),
		TEST(without_ballast_nothing_is_told_that_is_not),
		TEST(room_ends_it_all),
		TEST(it_starts_on_a_full_disk),
	};

	return cmocka_run_group_tests(tests, enter_namespace, leave_namespace);
}
