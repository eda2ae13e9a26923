/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Damaged databases: kept aside, and the loss is known until somebody accepts it. */
#include "base/memory.h"
#include "lib/storage.h"
#include "lib/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Numbers before a first loss are less. */
#define FIRST_AFTER_LOSS (INT64_C(1) << 39)

static struct storage storage;

/* A closed store with 200 instances. */
static int set_up(void **state)
{
	struct batch *batch = batch_new();

	(void)state;
	storage_make(&storage, "/dev/shm");
	for (int64_t number = 1; number <= 200; number++)
		storage_put(batch, number, false);
	assert_int_equal(storage_commit(&storage, batch, NULL), BATCH_COMMITTED);
	storage_close(&storage);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	storage_remove(&storage);
	return 0;
}

static const char *path_of(const char *name)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/%s", storage.path, name);
	return path;
}

static size_t count_aside(void)
{
	DIR *folder = opendir(storage.path);
	const struct dirent *entry;
	size_t count = 0;

	assert_non_null(folder);
	while ((entry = readdir(folder)))
		count += strncmp(entry->d_name, "hostdevd.db.damaged-", 20) == 0;
	closedir(folder);
	return count;
}

static void overwrite(const char *name, off_t offset, const void *bytes, size_t length)
{
	int file = open(path_of(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(file >= 0);
	assert_int_equal(pwrite(file, bytes, length, offset), (ssize_t)length);
	close(file);
}

/* Where the bytes stand in the database for the first time. */
static off_t find_bytes(const char *wanted)
{
	static char bytes[1 << 20];
	int file = open(path_of("hostdevd.db"), O_RDONLY | O_CLOEXEC);
	ssize_t length = read(file, bytes, sizeof(bytes));
	const char *found;

	assert_true(length > 0);
	close(file);
	found = memmem(bytes, (size_t)length, wanted, strlen(wanted));
	assert_non_null(found);
	return found - bytes;
}

/* The next start: of what is left, and whether there is a loss. Returns the next number. */
static int64_t assert_start(int want, size_t instances, bool loss)
{
	struct stored stored = {0};
	int64_t next;

	storage_load(&storage, want, &stored);
	assert_int_equal(stored.instances.count, instances);
	assert_int_equal(stored.loss, loss);
	next = stored.next_number;
	if (next < FIRST_AFTER_LOSS)
		assert_int_equal(next, instances + 1);
	stored_done(&stored);
	storage_close(&storage);
	return next;
}

/* It was damage, was said once, is kept, and stays known. */
static void assert_damage(void)
{
	int64_t next = assert_start(STORE_DAMAGED, 0, true);

	assert_true(next >= FIRST_AFTER_LOSS);
	assert_true(count_aside() > 0);
	assert_int_equal(assert_start(0, 0, true), next);
}

static void no_database_is_a_fresh_start(void **state)
{
	(void)state;
	assert_start(0, 200, false);
	assert_int_equal(unlink(path_of("hostdevd.db")), 0);
	assert_start(0, 0, false);
	assert_int_equal(count_aside(), 0);
}

static void garbage_is_damage(void **state)
{
	static const char garbage[5000] = "this is no database";

	(void)state;
	overwrite("hostdevd.db", 0, garbage, sizeof(garbage));
	assert_damage();
}

static void nothing_left_of_a_database_is_damage(void **state)
{
	(void)state;
	assert_int_equal(truncate(path_of("hostdevd.db"), 0), 0);
	assert_damage();
}

/* A first start that was cut off leaves as much; there was no ballast yet. */
static void nothing_without_ballast_is_a_fresh_start(void **state)
{
	(void)state;
	assert_int_equal(truncate(path_of("hostdevd.db"), 0), 0);
	assert_int_equal(unlink(path_of("ballast")), 0);
	assert_start(0, 0, false);
}

static void half_a_database_is_damage(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(stat(path_of("hostdevd.db"), &status), 0);
	assert_int_equal(truncate(path_of("hostdevd.db"), status.st_size / 2), 0);
	assert_damage();
}

/* Killed before the tables were copied into the database, and then somebody removes the log. */
static void a_database_without_tables_is_damage(void **state)
{
	(void)state;
	assert_int_equal(unlink(path_of("hostdevd.db")), 0);
	storage_sql(&storage, "PRAGMA journal_mode = WAL");
	assert_damage();
}

static void a_log_without_database_is_damage(void **state)
{
	struct storage copy;

	(void)state;
	storage_open(&storage, 0);
	storage_commit_put(&storage, 201);
	storage_copy(&storage, &copy);
	storage_remove(&storage);
	storage = copy;
	assert_start(0, 201, false);
	storage_open(&storage, 0);
	storage_commit_put(&storage, 202);
	storage_copy(&storage, &copy);
	storage_remove(&storage);
	storage = copy;
	assert_int_equal(unlink(path_of("hostdevd.db")), 0);
	assert_damage();
	assert_int_equal(count_aside(), 1); /* the log */
}

static void torn_pages_are_damage(void **state)
{
	static const char zeros[2048];
	struct storage whole;
	struct stat status;

	(void)state;
	assert_int_equal(stat(path_of("hostdevd.db"), &status), 0);
	storage_copy(&storage, &whole);
	for (off_t at = 0; at < status.st_size; at += 4096) {
		storage_remove(&storage);
		storage_copy(&whole, &storage);
		overwrite("hostdevd.db", at, zeros, sizeof(zeros));
		assert_damage();
	}
	storage_remove(&whole);
}

static void words_that_nobody_writes_are_damage(void **state)
{
	static const struct {
		const char *what;
		const char *found;
		const char *written;
	} cases[] = {
		{"a life", "explicit", "explicjt"},
		{"a kind", "gpuspci", "gpuspcj"},
		{"an owner", "vm:vm-", "vn:vm-"},
		{"a string with a NUL", "gpuspci", "gp\1spci"},
	};
	struct storage whole;

	(void)state;
	storage_copy(&storage, &whole);
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		char written[20];

		print_message("%s\n", cases[i].what);
		storage_remove(&storage);
		storage_copy(&whole, &storage);
		snprintf(written, sizeof(written), "%s", cases[i].written);
		for (size_t at = 0; written[at]; at++)
			written[at] = (char)(written[at] == 1 ? 0 : written[at]);
		overwrite(
			"hostdevd.db", find_bytes(cases[i].found), written, strlen(cases[i].found));
		assert_damage();
	}
	storage_remove(&whole);
}

/* What only the sum of rows says: written by SQL that keeps to the schema, or goes around it. */
static void rows_that_nobody_writes_are_damage(void **state)
{
	static const char *const statements[] = {
		"DELETE FROM meta",
		"DELETE FROM identities WHERE identity = 'identity-7'",
		"UPDATE identities SET generation = 0",
		"UPDATE meta SET next_number = 200",
		"UPDATE instances SET kind = 'gpu' WHERE number = 7",
		"UPDATE instances SET kind = ''",
		"UPDATE identities SET owner = 'me'",
		"UPDATE instances SET device = 'a' || char(0) || 'b'",
		"PRAGMA ignore_check_constraints = 1; UPDATE instances SET number = -1"
		" WHERE number = 1",
		"PRAGMA ignore_check_constraints = 1; UPDATE instances SET grant_life = 'ever'",
		"PRAGMA ignore_check_constraints = 1; UPDATE instances SET use_pid = -1",
		"PRAGMA ignore_check_constraints = 1; UPDATE instances SET vm = NULL",
		"PRAGMA ignore_check_constraints = 1; UPDATE instances SET"
		" grant_boot = '0123456789012345678901234567890123456'",
		"DROP TABLE instances",
		"ALTER TABLE instances DROP COLUMN kind",
		"DROP TABLE last_good_rules; PRAGMA user_version = 0",
		"PRAGMA user_version = 0",
		"PRAGMA user_version = 1",
		"PRAGMA user_version = -1",
	};
	struct storage whole;

	(void)state;
	storage_copy(&storage, &whole);
	for (size_t i = 0; i < ARRAY_LENGTH(statements); i++) {
		print_message("%s\n", statements[i]);
		storage_remove(&storage);
		storage_copy(&whole, &storage);
		storage_sql(&storage, statements[i]);
		assert_damage();
	}
	storage_remove(&whole);
}

/* The index that makes a number unique has no rows, and no check of single pages sees it. */
static void an_index_that_lacks_rows_is_damage(void **state)
{
	(void)state;
	storage_sql(&storage,
		"CREATE TABLE other("
		" identity TEXT PRIMARY KEY NOT NULL, number INTEGER NOT NULL UNIQUE) STRICT,"
		" WITHOUT ROWID;"
		"CREATE TEMP TABLE roots AS SELECT name, rootpage FROM sqlite_schema;"
		"PRAGMA writable_schema = 1;"
		"UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM roots"
		" WHERE name = 'sqlite_autoindex_other_2')"
		" WHERE name = 'sqlite_autoindex_instances_2';"
		"UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM roots"
		" WHERE name = 'sqlite_autoindex_instances_2')"
		" WHERE name = 'sqlite_autoindex_other_2'");
	assert_damage();
}

/* Somebody else's, which never had our ballast beside it, is nothing to make our tables in. */
static void a_foreign_database_is_damage(void **state)
{
	(void)state;
	assert_int_equal(unlink(path_of("hostdevd.db")), 0);
	assert_int_equal(unlink(path_of("ballast")), 0);
	storage_sql(&storage, "CREATE TABLE theirs(a)");
	assert_damage();
}

/* The log may have what is the newest: it is kept beside the damaged database as it was. */
static void the_log_is_kept_too(void **state)
{
	struct storage copy;

	(void)state;
	storage_open(&storage, 0);
	storage_commit_put(&storage, 201);
	storage_copy(&storage, &copy);
	storage_remove(&storage);
	storage = copy;
	overwrite("hostdevd.db", find_bytes("explicit"), "explicjt", 8);
	assert_damage();
	assert_int_equal(count_aside(), 2);
}

/* Whoever names an instance of before a loss must not mean one of after it, at any second one. */
static void numbers_of_before_a_loss_do_not_return(void **state)
{
	int64_t before[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(before); i++) {
		assert_int_equal(truncate(path_of("hostdevd.db"), 0), 0);
		before[i] = assert_start(STORE_DAMAGED, 0, true);
		assert_true(before[i] >= FIRST_AFTER_LOSS);
		for (size_t k = 0; k < i; k++) /* by chance in one of 10 million runs */
			assert_true(llabs(before[i] - before[k]) > 1000);
	}
}

static void accept_loss(enum batch_outcome want)
{
	struct batch *batch = batch_new();

	batch_add(batch, WRITE_ACCEPT_LOSS);
	assert_int_equal(storage_commit(&storage, batch, NULL), want);
}

static void a_loss_lasts_until_it_is_accepted(void **state)
{
	struct stored stored = {0};

	(void)state;
	assert_int_equal(truncate(path_of("hostdevd.db"), 0), 0);
	assert_damage();
	storage_open(&storage, 0);
	storage_commit_put(&storage, 1);
	assert_start(0, 1, true);
	storage_open(&storage, 0);
	accept_loss(BATCH_COMMITTED);
	storage_load(&storage, 0, &stored);
	assert_false(stored.loss);
	stored_done(&stored);
	accept_loss(BATCH_COMMITTED); /* again: no harm */
	assert_start(0, 1, false);
}

/* Starts that were cut off: after the mark, with the database moved, with the new one made. */
static void a_cut_off_start_does_not_hide_the_loss(void **state)
{
	(void)state;
	overwrite("hostdevd.db.lost", 0, "", 0);
	assert_int_equal(truncate(path_of("hostdevd.db"), 100), 0);
	assert_damage();
	assert_int_equal(access(path_of("hostdevd.db.lost"), F_OK), -1);
	overwrite("hostdevd.db.lost", 0, "", 0);
	assert_int_equal(unlink(path_of("hostdevd.db")), 0);
	assert_damage();
	storage_open(&storage, 0);
	accept_loss(BATCH_COMMITTED);
	storage_close(&storage);
	overwrite("hostdevd.db.lost", 0, "", 0);
	assert_damage();
	assert_int_equal(access(path_of("hostdevd.db.lost"), F_OK), -1);
}

/* The log's end is what a kill tore: what was committed before it stays. */
static void a_torn_log_loses_only_its_end(void **state)
{
	struct storage copy;
	struct stat status;

	(void)state;
	storage_open(&storage, 0);
	storage_commit_put(&storage, 201);
	storage_commit_put(&storage, 202);
	storage_copy(&storage, &copy);
	storage_remove(&storage);
	storage = copy;
	assert_int_equal(stat(path_of("hostdevd.db-wal"), &status), 0);
	assert_int_equal(truncate(path_of("hostdevd.db-wal"), status.st_size - 1), 0);
	assert_start(0, 201, false);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_database_is_a_fresh_start),
		TEST(garbage_is_damage),
		TEST(nothing_left_of_a_database_is_damage),
		TEST(nothing_without_ballast_is_a_fresh_start),
		TEST(half_a_database_is_damage),
		TEST(a_database_without_tables_is_damage),
		TEST(a_log_without_database_is_damage),
		TEST(torn_pages_are_damage),
		TEST(words_that_nobody_writes_are_damage),
		TEST(rows_that_nobody_writes_are_damage),
		TEST(an_index_that_lacks_rows_is_damage),
		TEST(a_foreign_database_is_damage),
		TEST(the_log_is_kept_too),
		TEST(numbers_of_before_a_loss_do_not_return),
		TEST(a_loss_lasts_until_it_is_accepted),
		TEST(a_cut_off_start_does_not_hide_the_loss),
		TEST(a_torn_log_loses_only_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
