/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks that fail or hang: what was reported is what a start after kill -9 finds. */
#include "base/memory.h"
#include "lib/faulty_disk.h"
#include "lib/storage.h"
#include "lib/unit.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A disk that never works again is given so long, from its first fault on, before it is healed. */
#define PATIENCE 20

static struct storage storage;

static int set_up(void **state)
{
	(void)state;
	faulty_disk_insert();
	storage_make(&storage, "/dev/shm");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	faulty_disk_heal();
	storage_remove(&storage);
	return 0;
}

static size_t count_instances(const struct stored *stored, int64_t from, int64_t to)
{
	size_t count = 0;

	for (int64_t number = from; number <= to; number++)
		count += storage_find(stored, number) != NULL;
	return count;
}

/* Releases 1 and claims 10 to 9 + `puts`. */
static struct batch *change(int64_t puts)
{
	struct batch *batch = batch_new();

	storage_delete(batch, 1, false);
	for (int64_t i = 0; i < puts; i++)
		storage_put(batch, 10 + i, false);
	return batch;
}

/* Kill -9 now: is it all there, or nothing? */
static void assert_outcome(const struct batch *batch, int64_t puts)
{
	bool committed = batch->outcome == BATCH_COMMITTED;
	struct stored stored = {0};
	struct storage copy;

	storage_copy(&storage, &copy);
	storage_load(&copy, 0, &stored);
	assert_int_equal(count_instances(&stored, 1, 2), committed ? 1 : 2);
	assert_int_equal(count_instances(&stored, 10, 9 + puts), committed ? puts : 0);
	assert_int_equal(stored.next_number, committed ? 10 + puts : 3);
	stored_done(&stored);
	storage_remove(&copy);
	assert_int_equal(batch->error, committed ? 0 : -EIO);
}

/* One batch with a fault at the call `from`. False: there were not as many calls. */
static bool try_fault(int from, bool lasting, int64_t puts)
{
	struct batch *batch = change(puts);
	struct batch *finished;
	bool failed;

	faulty_disk_fail(FAULTY_LOG, from, lasting);
	store_write(storage.store, batch);
	do
		finished = storage_wait(&storage, lasting ? PATIENCE : -1);
	while (!finished && faulty_disk_failures() == 0);
	faulty_disk_heal(); /* before a copy is opened on the same disk */
	failed = faulty_disk_failures() > 0;
	if (!finished) {
		assert_true(store_is_writing(storage.store));
		assert_ptr_equal(storage_wait(&storage, -1), batch);
	}
	assert_outcome(batch, puts);
	if (failed)
		assert_int_equal(batch->outcome, BATCH_FAILED);
	batch_free(batch);
	return failed;
}

/* The same batch once more, on the connection that has just failed. */
static void assert_usable(int64_t puts)
{
	struct batch *batch = change(puts);

	store_write(storage.store, batch);
	assert_ptr_equal(storage_wait(&storage, -1), batch);
	assert_int_equal(batch->outcome, BATCH_COMMITTED);
	assert_outcome(batch, puts);
	batch_free(batch);
}

static int try_all_faults(bool lasting, int64_t puts, int step)
{
	int from = 1;

	for (bool failed = true; failed; from += step) {
		storage_commit_put(&storage, 1);
		storage_commit_put(&storage, 2);
		failed = try_fault(from, lasting, puts);
		if (failed)
			assert_usable(puts);
		storage_remove(&storage);
		storage_make(&storage, "/dev/shm");
	}
	return from;
}

static void a_fault_at_any_call_is_told_truly(void **state)
{
	(void)state;
	assert_true(try_all_faults(false, 300, 1) > 30);
}

static void a_fault_that_lasts_is_told_truly(void **state)
{
	(void)state;
	assert_true(try_all_faults(true, 300, 1) > 30);
}

/* So many that SQLite writes pages into the log long before the commit. */
static void a_fault_in_a_large_batch_is_told_truly(void **state)
{
	(void)state;
	assert_true(try_all_faults(false, 6000, 331) > 331);
}

/* A log that was emptied is begun again: the failed commit is its first. */
static void a_fault_in_a_new_log_is_told_truly(void **state)
{
	(void)state;
	for (int from = 1;; from++) {
		bool failed;

		storage_commit_put(&storage, 1);
		storage_commit_put(&storage, 2);
		storage_close(&storage);
		storage_open(&storage, 0);
		failed = try_fault(from, false, 3);
		if (failed)
			assert_usable(3);
		storage_remove(&storage);
		storage_make(&storage, "/dev/shm");
		if (!failed)
			break;
		assert_true(from < 100);
	}
}

/* Commits one put, and arms the fault for the sync at the end of another one like it. */
static void fail_next_sync(int64_t number, bool lasting)
{
	storage_commit_put(&storage, number); /* the log has its header */
	faulty_disk_fail(FAULTY_LOG, 0, false);
	storage_commit_put(&storage, number + 1);
	faulty_disk_fail(FAULTY_LOG, faulty_disk_calls(), lasting);
}

/* What takes the place of a failed commit changes nothing itself: it must be written all the same.
 */
static void doubt_ends_before_anything_is_told(void **state)
{
	struct batch *batch = batch_new();
	struct batch *nothing = batch_new();
	struct stored stored = {0};
	struct storage copy;
	int error = 0;

	(void)state;
	fail_next_sync(1, false);
	storage_put(batch, 3, false);
	assert_int_equal(storage_commit(&storage, batch, &error), BATCH_FAILED);
	assert_int_equal(error, -EIO);
	assert_int_equal(faulty_disk_failures(), 1);
	storage_delete(nothing, 99, true);
	assert_int_equal(storage_commit(&storage, nothing, NULL), BATCH_COMMITTED);
	storage_copy(&storage, &copy);
	storage_load(&copy, 0, &stored);
	assert_int_equal(count_instances(&stored, 1, 3), 2);
	stored_done(&stored);
	storage_remove(&copy);
}

static void add_text(struct vector *texts, const char *file, size_t length)
{
	struct rule_text *text = memory_allocate(sizeof(*text));

	text->file = memory_duplicate(file);
	text->bytes = memory_allocate(length + 1);
	text->length = length;
	memset(text->bytes, '#', length);
	vector_add(texts, text);
}

static void save_rules(const char *file, size_t length)
{
	struct vector texts = {0};

	add_text(&texts, file, length);
	add_text(&texts, file, length);
	store_save_rules(storage.store, &texts);
	rule_texts_done(&texts);
}

static int wait_for_rules(void)
{
	struct pollfd readable = {.fd = store_descriptor(storage.store), .events = POLLIN};

	assert_int_equal(poll(&readable, 1, -1), 1);
	return store_rules_error(storage.store);
}

static void assert_rules(struct storage *place, const char *file, size_t length)
{
	struct vector texts = {0};

	assert_int_equal(store_load_rules(place->store, &texts), 0);
	assert_int_equal(texts.count, 2);
	for (size_t i = 0; i < texts.count; i++) {
		const struct rule_text *text = texts.items[i];

		assert_string_equal(text->file, file);
		assert_int_equal(text->length, length);
	}
	rule_texts_done(&texts);
}

static void assert_stored_rules(const char *file, size_t length)
{
	storage_close(&storage);
	assert_int_equal(store_open(storage.path, &storage.store), 0);
	assert_rules(&storage, file, length);
	assert_int_equal(store_start(storage.store), 0);
}

static void rules_are_replaced_whole_or_not(void **state)
{
	(void)state;
	save_rules("good", 10);
	assert_int_equal(wait_for_rules(), 0);
	for (int from = 1;; from++) {
		bool failed;

		faulty_disk_fail(FAULTY_LOG, from, false);
		save_rules("next", 50000);
		failed = wait_for_rules() != 0;
		faulty_disk_heal();
		assert_int_equal(failed, faulty_disk_failures() > 0);
		if (!failed)
			break;
		assert_stored_rules("good", 10);
	}
	assert_stored_rules("next", 50000);
}

static void rules_that_failed_are_tried_again(void **state)
{
	(void)state;
	faulty_disk_fail(FAULTY_LOG, 1, true);
	save_rules("good", 50000);
	assert_int_not_equal(wait_for_rules(), 0);
	store_retry_rules(storage.store);
	assert_int_not_equal(wait_for_rules(), 0);
	faulty_disk_heal();
	store_retry_rules(storage.store);
	assert_int_equal(wait_for_rules(), 0);
	store_retry_rules(storage.store); /* nothing is left to be tried */
	assert_stored_rules("good", 50000);
	faulty_disk_fail(FAULTY_LOG, 1, true);
	save_rules("older", 50000);
	assert_int_not_equal(wait_for_rules(), 0);
	faulty_disk_heal();
	save_rules("newer", 50000);
	store_retry_rules(storage.store);
	assert_int_equal(wait_for_rules(), 0);
	assert_stored_rules("newer", 50000);
}

static off_t log_size(void)
{
	struct stat status;
	char path[100];

	snprintf(path, sizeof(path), "%s/hostdevd.db-wal", storage.path);
	return stat(path, &status) < 0 ? 0 : status.st_size;
}

static void write_many(int64_t from, int batches)
{
	for (int i = 0; i < batches; i++) {
		struct batch *batch = batch_new();

		for (int64_t number = from; number < from + 20; number++)
			storage_put(batch, number, false);
		assert_int_equal(storage_commit(&storage, batch, NULL), BATCH_COMMITTED);
	}
}

/* The log is copied into the database now and then; a copy that fails is not a failed commit. */
static void the_log_is_bounded(void **state)
{
	off_t size;

	(void)state;
	write_many(1, 1000);
	size = log_size();
	assert_within(size, 1, 6 << 20);
	faulty_disk_fail(FAULTY_DATABASE, 1, true);
	for (int64_t i = 0; log_size() < 8 << 20; i++)
		write_many(100 + i * 20, 50);
	faulty_disk_heal();
	assert_true(faulty_disk_failures() > 0);
	size = log_size();
	write_many(1, 1000);
	assert_within(log_size(), 1, size + (1 << 20)); /* begun again, not grown */
}

/* The writer thread hangs, the caller never does. */
static void a_disk_that_hangs_stops_nobody(void **state)
{
	struct batch *batch = batch_new();
	struct pollfd readable = {.events = POLLIN};

	(void)state;
	storage_put(batch, 1, false);
	faulty_disk_hang();
	assert_false(store_is_writing(storage.store));
	store_write(storage.store, batch);
	faulty_disk_wait();
	readable.fd = store_descriptor(storage.store);
	for (int i = 0; i < 3; i++) {
		assert_true(store_is_writing(storage.store));
		assert_null(store_take_finished(storage.store));
		assert_int_equal(poll(&readable, 1, 0), 0);
		save_rules(i < 2 ? "overtaken" : "last", (size_t)i);
		assert_int_equal(store_rules_error(storage.store), 0);
	}
	faulty_disk_heal();
	assert_ptr_equal(storage_wait(&storage, -1), batch);
	assert_int_equal(batch->outcome, BATCH_COMMITTED);
	assert_false(store_is_writing(storage.store));
	batch_free(batch);
	assert_stored_rules("last", 2);
}

static void the_descriptor_says_what_is_to_be_taken(void **state)
{
	struct pollfd readable = {.events = POLLIN};
	struct batch *batch = batch_new();

	(void)state;
	readable.fd = store_descriptor(storage.store);
	storage_put(batch, 1, false);
	store_write(storage.store, batch);
	assert_int_equal(poll(&readable, 1, -1), 1);
	assert_true(store_is_writing(storage.store)); /* until it is taken */
	save_rules("rules", 1);
	storage_close(&storage); /* writes what it was handed, frees what nobody took */
	storage_open(&storage, 0);
	assert_stored_rules("rules", 1);
	readable.fd = store_descriptor(storage.store);
	save_rules("rules", 2);
	assert_int_equal(poll(&readable, 1, -1), 1);
	assert_null(store_take_finished(storage.store));
	assert_int_equal(poll(&readable, 1, 0), 1); /* the rules are still to be asked for */
	assert_int_equal(store_rules_error(storage.store), 0);
	assert_int_equal(poll(&readable, 1, 0), 0);
}

static void what_was_handed_over_is_written_at_the_end(void **state)
{
	struct stored stored = {0};
	struct batch *batch = batch_new();

	(void)state;
	storage_put(batch, 1, false);
	store_write(storage.store, batch);
	save_rules("end", 3);
	storage_load(&storage, 0, &stored);
	assert_int_equal(stored.instances.count, 1);
	stored_done(&stored);
	assert_stored_rules("end", 3);
}

/* A store that ends while a failed commit cannot be taken back says nothing about it, and ends. */
static void the_end_does_not_wait_for_a_dead_disk(void **state)
{
	struct batch *batch = batch_new();

	(void)state;
	fail_next_sync(1, true);
	storage_put(batch, 3, false);
	store_write(storage.store, batch);
	storage_close(&storage);
	assert_true(faulty_disk_failures() > 1);
	faulty_disk_heal();
	storage_open(&storage, 0);
	storage_commit_put(&storage, 3);
}

/* How many threads have the signals blocked that are the loop's. */
static size_t count_deaf_threads(void)
{
	DIR *threads = opendir("/proc/self/task");
	const struct dirent *entry;
	size_t count = 0;

	assert_non_null(threads);
	while ((entry = readdir(threads))) {
		char path[300];
		char line[200];
		unsigned long long blocked = 0;
		FILE *status;

		snprintf(path, sizeof(path), "/proc/self/task/%s/status", entry->d_name);
		status = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
		while (status && fgets(line, sizeof(line), status))
			sscanf(line, "SigBlk: %llx", &blocked);
		if (status)
			fclose(status);
		count += blocked >> (SIGTERM - 1) & blocked >> (SIGHUP - 1) &
			 blocked >> (SIGINT - 1) & 1;
	}
	closedir(threads);
	return count;
}

static void the_thread_takes_no_signals(void **state)
{
	size_t with;

	(void)state;
	storage_commit_put(&storage, 1); /* while it is being made, a thread is deaf anyway */
	with = count_deaf_threads();
	storage_close(&storage);
	assert_int_equal(count_deaf_threads() + 1, with);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_fault_at_any_call_is_told_truly),
		TEST(a_fault_that_lasts_is_told_truly),
		TEST(a_fault_in_a_large_batch_is_told_truly),
		TEST(a_fault_in_a_new_log_is_told_truly),
		TEST(doubt_ends_before_anything_is_told),
		TEST(rules_are_replaced_whole_or_not),
		TEST(rules_that_failed_are_tried_again),
		TEST(the_log_is_bounded),
		TEST(a_disk_that_hangs_stops_nobody),
		TEST(the_descriptor_says_what_is_to_be_taken),
		TEST(what_was_handed_over_is_written_at_the_end),
		TEST(the_end_does_not_wait_for_a_dead_disk),
		TEST(the_thread_takes_no_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
