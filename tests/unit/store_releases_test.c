/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other releases of ours and of SQLite: what an older one wrote is read, what a newer one wrote is
 * left alone, and a statement that SQLite refuses costs nobody a database.
 */
#include "base/memory.h"
#include "lib/storage.h"
#include "lib/unit.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Killed with two instances in the database and one in its log; SQLite 3.40.1 of Debian 12. */
#define OLD_FOLDER "tests/unit/store-0.1"

static struct storage storage;

/* Statements with this in them are refused as by a SQLite that does not know them. */
static const char *refused;

int sqlite3_prepare_v2(
	sqlite3 *handle, const char *text, int length, sqlite3_stmt **statement, const char **tail)
{
	static int (*real)(sqlite3 *, const char *, int, sqlite3_stmt **, const char **);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "sqlite3_prepare_v2");
	if (refused && strstr(text, refused))
		text = "SELECT * FROM unknown_to_this_release(1)";
	return real(handle, text, length, statement, tail);
}

static int set_up(void **state)
{
	(void)state;
	storage_make(&storage, "/dev/shm");
	storage_commit_put(&storage, 1);
	storage_close(&storage);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	refused = NULL;
	storage_remove(&storage);
	return 0;
}

/* How many entries the folder has whose names begin so. */
static size_t count(const char *prefix)
{
	DIR *folder = opendir(storage.path);
	const struct dirent *entry;
	size_t found = 0;

	assert_non_null(folder);
	while ((entry = readdir(folder)))
		found += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
	closedir(folder);
	return found;
}

static size_t read_file(const struct storage *from, const char *name, char *bytes, size_t size)
{
	char path[200];
	ssize_t got;
	int file;

	snprintf(path, sizeof(path), "%s/%s", from->path, name);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return 0;
	got = read(file, bytes, size);
	assert_true(got >= 0);
	close(file);
	return (size_t)got;
}

static void assert_same_file(
	const struct storage *one, const struct storage *other, const char *name)
{
	static char bytes[2][1 << 20];
	size_t length = read_file(one, name, bytes[0], sizeof(bytes[0]));

	assert_int_equal(read_file(other, name, bytes[1], sizeof(bytes[1])), length);
	assert_memory_equal(bytes[0], bytes[1], length);
}

static void assert_instances(size_t want)
{
	struct stored stored = {0};

	storage_load(&storage, 0, &stored);
	assert_int_equal(stored.instances.count, want);
	assert_false(stored.loss);
	stored_done(&stored);
	storage_close(&storage);
}

static void a_refused_statement_is_no_damage(void **state)
{
	static const char *const texts[] = {"integrity_check", "table_info", "user_version",
		"FROM instances", "FROM identities", "FROM meta"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		struct stored stored = {0};
		struct store *store = NULL;
		int result;

		print_message("%s\n", texts[i]);
		refused = texts[i];
		result = store_open(storage.path, &store);
		if (result == 0)
			result = store_load(store, &stored);
		assert_int_equal(result, -ENOTSUP);
		store_free(store);
		refused = NULL;
		assert_int_equal(count("hostdevd.db.damaged-"), 0);
		assert_instances(1);
	}
}

/* What keeps the new one from being complete is no second damage: one copy, however many starts. */
static void one_damage_is_put_aside_once(void **state)
{
	struct stored stored = {0};
	struct store *store = NULL;
	size_t aside = 0; /* the database, perhaps with its log */

	(void)state;
	storage_sql(&storage, "PRAGMA user_version = -1");
	refused = "SELECT loss FROM meta";
	for (int start = 0; start < 3; start++) {
		assert_int_equal(store_open(storage.path, &store), -ENOTSUP);
		assert_null(store);
		if (start == 0)
			aside = count("hostdevd.db.damaged-");
		assert_true(aside > 0);
		assert_int_equal(count("hostdevd.db.damaged-"), aside);
		storage_sql(&storage, "PRAGMA user_version = -1");
	}
	refused = NULL;
	storage_load(&storage, STORE_DAMAGED, &stored);
	assert_true(stored.loss);
	stored_done(&stored);
	assert_int_equal(count("hostdevd.db.damaged-"), aside);
	assert_int_equal(count("hostdevd.db.lost"), 0);
}

static void an_older_release_is_read(void **state)
{
	struct storage old = {.path = OLD_FOLDER};
	struct stored stored = {0};
	struct vector texts = {0};

	(void)state;
	storage_remove(&storage);
	storage_copy(&old, &storage);
	storage_load(&storage, 0, &stored);
	assert_int_equal(stored.instances.count, 3);
	assert_int_equal(stored.identities.count, 4);
	assert_int_equal(stored.next_number, 5);
	assert_false(stored.loss);
	assert_null(storage_find(&stored, 2));
	assert_string_equal(storage_find(&stored, 4)->vm, "vm-4");
	stored_done(&stored);
	storage_close(&storage);
	assert_int_equal(store_open(storage.path, &storage.store), 0);
	assert_int_equal(store_load_rules(storage.store, &texts), 0);
	assert_int_equal(texts.count, 1);
	rule_texts_done(&texts);
	assert_int_equal(store_start(storage.store), 0);
	storage_commit_put(&storage, 5);
	assert_int_equal(count("hostdevd.db.damaged-"), 0);
}

/* Also one that ended by kill -9, with tables and a log that mean nothing here. */
static void a_newer_release_is_left_alone(void **state)
{
	struct storage newer;
	struct storage before;
	struct store *store = NULL;
	static const char *const files[] = {"hostdevd.db", "hostdevd.db-wal", "ballast"};
	sqlite3 *database = NULL;
	char path[200];

	(void)state;
	snprintf(path, sizeof(path), "%s/hostdevd.db", storage.path);
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database,
				 "CREATE TABLE later(a); DROP TABLE identities;"
				 "PRAGMA user_version = 3",
				 NULL, NULL, NULL),
		SQLITE_OK);
	storage_copy(&storage, &newer);
	sqlite3_close(database);
	storage_copy(&newer, &before);
	for (int start = 0; start < 2; start++)
		assert_int_equal(store_open(newer.path, &store), STORE_NEWER);
	assert_null(store);
	for (size_t i = 0; i < ARRAY_LENGTH(files); i++)
		assert_same_file(&newer, &before, files[i]);
	storage_remove(&newer);
	storage_remove(&before);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_refused_statement_is_no_damage),
		TEST(one_damage_is_put_aside_once),
		TEST(an_older_release_is_read),
		TEST(a_newer_release_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
