/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/memory.h"
#include "lib/storage.h"
#include "lib/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct storage storage;

static int set_up(void **state)
{
	storage_make(&storage, *state ? *state : "/dev/shm");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	storage_remove(&storage);
	return 0;
}

static void assert_same_hold(const struct hold_record *left, const struct hold_record *right)
{
	assert_int_equal(left->life, right->life);
	assert_true(process_equal(&left->process, &right->process));
	assert_int_equal(left->token_uid, right->token_uid);
	assert_int_equal(left->count, right->count);
	assert_int_equal(left->bind_by, right->bind_by);
	assert_int_equal(!left->token, !right->token);
	if (left->token)
		assert_string_equal(left->token, right->token);
}

static void assert_same_string(const char *left, const char *right)
{
	assert_int_equal(!left, !right);
	if (left)
		assert_string_equal(left, right);
}

static void assert_same(const struct instance_record *left, const struct instance_record *right)
{
	assert_int_equal(left->number, right->number);
	assert_string_equal(left->identity, right->identity);
	assert_string_equal(left->device, right->device);
	assert_string_equal(left->group, right->group);
	assert_int_equal(left->kind, right->kind);
	assert_same_string(left->vm, right->vm);
	assert_same_string(left->tenant, right->tenant);
	assert_int_equal(left->uid, right->uid);
	assert_int_equal(left->generation, right->generation);
	assert_int_equal(left->since, right->since);
	assert_same_hold(&left->grant, &right->grant);
	assert_same_hold(&left->use, &right->use);
}

/* Every member has a value that no other has. */
static struct instance_record *full_record(int64_t number)
{
	struct instance_record *record =
		storage_record(number, "usb 1234:5678 \"\xc3\xa4\xe2\x82\xac'\xff\"");

	record->kind = KIND_SRIOV_NIC;
	free(record->device);
	record->device = memory_duplicate("vgpu:0000:41:00.4/558");
	record->tenant = memory_duplicate("t\xc3\xa9nant; DROP TABLE instances");
	record->uid = 4294967294;
	record->generation = 77;
	record->since = 1763000000000001;
	record->grant = (struct hold_record){
		.life = LIFE_PROCESS,
		.process = {.pid = 4194304,
			.start = UINT64_MAX - 1,
			.boot = "0f6c5a1e-1b0f-4f0e-8a44-6d5f0c7b9a10"},
		.token = memory_duplicate("grant token"),
		.token_uid = 4294967293,
		.count = 3,
		.bind_by = 1763000000000002,
	};
	record->use = (struct hold_record){
		.life = LIFE_CONNECTION,
		.process = {.pid = 1, .start = 2, .boot = "1f6c5a1e-1b0f-4f0e-8a44-6d5f0c7b9a10"},
		.token = memory_duplicate(""),
		.token_uid = 4294967292,
		.count = 4,
		.bind_by = 1763000000000003,
	};
	return record;
}

static enum batch_outcome put(struct instance_record *record, int *ret_error)
{
	struct batch *batch = batch_new();

	batch_add(batch, WRITE_PUT)->record = record;
	return storage_commit(&storage, batch, ret_error);
}

static void every_member_comes_back(void **state)
{
	struct instance_record *full = full_record(41);
	struct instance_record *plain = storage_record(7, "plain");
	struct stored stored = {0};
	const struct identity_record *identity;

	(void)state;
	put(full_record(41), NULL);
	put(storage_record(7, "plain"), NULL);
	storage_load(&storage, 0, &stored);
	assert_int_equal(stored.instances.count, 2);
	assert_same(stored.instances.items[0], plain);
	assert_same(stored.instances.items[1], full);
	assert_int_equal(stored.next_number, 42);
	assert_false(stored.loss);
	assert_int_equal(stored.identities.count, 2);
	identity = stored.identities.items[0];
	assert_string_equal(identity->identity, "plain");
	assert_string_equal(identity->owner, "vm:vm-7");
	identity = stored.identities.items[1];
	assert_string_equal(identity->identity, full->identity);
	assert_string_equal(identity->owner, "tenant:t\xc3\xa9nant; DROP TABLE instances");
	assert_int_equal(identity->generation, 77);
	instance_record_free(full);
	instance_record_free(plain);
	stored_done(&stored);
}

static void a_known_instance_is_replaced(void **state)
{
	struct instance_record *bound = full_record(3);
	struct instance_record *want = full_record(3);
	struct stored stored = {0};

	(void)state;
	put(storage_record(3, bound->identity), NULL);
	storage_commit_put(&storage, 9);
	assert_int_equal(put(bound, NULL), BATCH_COMMITTED);
	storage_load(&storage, 0, &stored);
	assert_int_equal(stored.instances.count, 2);
	assert_same(stored.instances.items[0], want);
	assert_int_equal(stored.next_number, 10);
	instance_record_free(want);
	stored_done(&stored);
}

static void a_release_leaves_the_identity(void **state)
{
	struct batch *batch = batch_new();
	struct stored stored = {0};
	const struct identity_record *identity;

	(void)state;
	storage_commit_put(&storage, 5);
	storage_delete(batch, 5, true);
	storage_delete(batch, 6, true); /* nobody's */
	assert_int_equal(storage_commit(&storage, batch, NULL), BATCH_COMMITTED);
	storage_load(&storage, 0, &stored);
	assert_int_equal(stored.instances.count, 0);
	assert_int_equal(stored.identities.count, 1);
	identity = stored.identities.items[0];
	assert_string_equal(identity->owner, "vm:vm-5");
	assert_int_equal(stored.next_number, 6);
	stored_done(&stored);
	put(storage_record(6, "identity-5"), NULL);
	storage_load(&storage, 0, &stored);
	assert_int_equal(stored.instances.count, 1);
	assert_int_equal(stored.identities.count, 1);
	identity = stored.identities.items[0];
	assert_string_equal(identity->owner, "vm:vm-6");
	stored_done(&stored);
}

/* A doubled claim, and rows that the next start would take for damage. */
static void what_must_not_be_is_refused_whole(void **state)
{
	struct instance_record *wrong[] = {
		storage_record(2, "identity-1"), /* held, by number 1 */
		storage_record(1, "another"),	 /* the number of another */
		storage_record(0, "zero"),
		storage_record(-1, "negative"),
		storage_record(INT64_MAX, "no number after it"),
		storage_record(3, ""),
		storage_record(3, "nobody's"),
		storage_record(3, "uid"),
		storage_record(3, "since"),
		storage_record(3, "generation"),
		storage_record(3, "device"),
	};
	struct stored stored = {0};

	(void)state;
	free(wrong[6]->vm);
	wrong[6]->vm = NULL;
	wrong[7]->uid = -1;
	wrong[8]->since = -1;
	wrong[9]->generation = -1;
	wrong[10]->device[0] = '\0';
	storage_commit_put(&storage, 1);
	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		struct batch *batch = batch_new();
		int error = 0;

		storage_put(batch, 100, false);
		storage_delete(batch, 1, true);
		storage_put(batch, 1, true);
		batch_add(batch, WRITE_PUT)->record = wrong[i];
		assert_int_equal(storage_commit(&storage, batch, &error), BATCH_FAILED);
		assert_int_equal(error, i < 2 ? -EEXIST : -EINVAL);
	}
	storage_load(&storage, 0, &stored);
	assert_int_equal(stored.instances.count, 1);
	assert_int_equal(stored.identities.count, 1);
	assert_int_equal(stored.next_number, 2);
	stored_done(&stored);
}

static void ten_thousand_come_back_in_order(void **state)
{
	struct batch *batch = batch_new();
	struct stored stored = {0};

	(void)state;
	for (int64_t number = 10000; number > 0; number--)
		storage_put(batch, number, false);
	assert_int_equal(storage_commit(&storage, batch, NULL), BATCH_COMMITTED);
	storage_load(&storage, 0, &stored);
	assert_int_equal(stored.instances.count, 10000);
	for (size_t i = 0; i < stored.instances.count; i++) {
		const struct instance_record *record = stored.instances.items[i];

		assert_int_equal(record->number, i + 1);
	}
	assert_int_equal(stored.next_number, 10001);
	stored_done(&stored);
}

static void numbers_grow_over_restarts(void **state)
{
	struct stored stored = {0};

	(void)state;
	storage_load(&storage, 0, &stored);
	assert_int_equal(stored.next_number, 1);
	for (int64_t number = 1; number <= 3; number++) {
		struct batch *batch = batch_new();

		storage_commit_put(&storage, number);
		storage_delete(batch, number, true);
		storage_commit(&storage, batch, NULL);
		stored_done(&stored);
		storage_load(&storage, 0, &stored);
		assert_int_equal(stored.instances.count, 0);
		assert_int_equal(stored.next_number, number + 1);
	}
	stored_done(&stored);
}

static const char version_1[] =
	"PRAGMA journal_mode = WAL;"
	"CREATE TABLE last_good_rules("
	" position INTEGER PRIMARY KEY, file TEXT NOT NULL, bytes BLOB NOT NULL) STRICT;"
	"INSERT INTO last_good_rules(file, bytes) VALUES ('/a.conf', x'6162');"
	"PRAGMA user_version = 1;";

static void version_1_is_migrated_in_place(void **state)
{
	struct vector texts = {0};
	struct stored stored = {0};
	char path[100];

	(void)state;
	storage_close(&storage);
	for (int old_ballast = 0; old_ballast < 2; old_ballast++) {
		snprintf(path, sizeof(path), "%s/hostdevd.db", storage.path);
		remove(path);
		snprintf(path, sizeof(path), "%s/ballast", storage.path);
		if (!old_ballast)
			remove(path);
		storage_sql(&storage, version_1);
		storage_load(&storage, 0, &stored);
		assert_int_equal(stored.next_number, 1);
		assert_false(stored.loss);
		assert_int_equal(store_load_rules(storage.store, &texts), 0);
		assert_int_equal(texts.count, 1);
		assert_string_equal(((struct rule_text *)texts.items[0])->bytes, "ab");
		rule_texts_done(&texts);
		storage_commit_put(&storage, 1);
		stored_done(&stored);
		storage_load(&storage, 0, &stored);
		assert_int_equal(stored.instances.count, 1);
		stored_done(&stored);
		storage_close(&storage);
	}
}

static void a_newer_schema_is_left_alone(void **state)
{
	struct store *store = NULL;

	(void)state;
	storage_close(&storage);
	storage_sql(&storage, "PRAGMA user_version = 3");
	assert_int_equal(store_open(storage.path, &store), STORE_NEWER);
	assert_null(store);
	storage_sql(&storage, "PRAGMA user_version = 2");
	storage_open(&storage, 0);
}

static void two_at_once_are_refused(void **state)
{
	struct store *store = NULL;

	(void)state;
	assert_int_equal(store_open(storage.path, &store), STORE_IN_USE);
	assert_null(store);
	storage_commit_put(&storage, 1);
}

#define ON(place, test)                                                                            \
	{                                                                                          \
#test " on " place, test, set_up, tear_down, (void *)place                         \
	}
#define IN_MEMORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_MEMORY(every_member_comes_back),
		ON("/tmp", every_member_comes_back),
		IN_MEMORY(a_known_instance_is_replaced),
		IN_MEMORY(a_release_leaves_the_identity),
		IN_MEMORY(what_must_not_be_is_refused_whole),
		IN_MEMORY(ten_thousand_come_back_in_order),
		ON("/tmp", ten_thousand_come_back_in_order),
		IN_MEMORY(numbers_grow_over_restarts),
		IN_MEMORY(version_1_is_migrated_in_place),
		ON("/tmp", version_1_is_migrated_in_place),
		IN_MEMORY(a_newer_schema_is_left_alone),
		IN_MEMORY(two_at_once_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
