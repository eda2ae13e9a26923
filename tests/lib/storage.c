/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/storage.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "lib/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void storage_make(struct storage *storage, const char *parent)
{
	snprintf(storage->path, sizeof(storage->path), "%s/hostdevd-test-XXXXXX", parent);
	assert_non_null(mkdtemp(storage->path));
	storage->store = NULL;
	storage_open(storage, 0);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(path);
}

void storage_remove(struct storage *storage)
{
	storage_close(storage);
	assert_int_equal(nftw(storage->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

void storage_open(struct storage *storage, int want)
{
	assert_null(storage->store);
	assert_int_equal(store_open(storage->path, &storage->store), want);
	assert_int_equal(store_start(storage->store), 0);
}

void storage_close(struct storage *storage)
{
	storage->store = store_free(storage->store);
}

void storage_load(struct storage *storage, int want, struct stored *ret_stored)
{
	int opened;
	int loaded;

	storage_close(storage);
	opened = store_open(storage->path, &storage->store);
	assert_non_null(storage->store);
	loaded = store_load(storage->store, ret_stored);
	assert_int_equal(opened ? opened : loaded, want);
	assert_int_equal(store_start(storage->store), 0);
}

static void copy_file(const struct storage *from, const struct storage *to, const char *name)
{
	char path[400];
	char bytes[65536];
	ssize_t got;
	int source;
	int target;

	snprintf(path, sizeof(path), "%s/%s", from->path, name);
	source = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/%s", to->path, name);
	target = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(source >= 0 && target >= 0);
	while ((got = read(source, bytes, sizeof(bytes))) > 0)
		assert_int_equal(write(target, bytes, (size_t)got), got);
	assert_int_equal(got, 0);
	close(source);
	close(target);
}

void storage_copy(const struct storage *storage, struct storage *ret_copy)
{
	DIR *folder = opendir(storage->path);
	const struct dirent *entry;

	assert_non_null(folder);
	*ret_copy = (struct storage){.path = "/dev/shm/hostdevd-test-XXXXXX"};
	assert_non_null(mkdtemp(ret_copy->path));
	while ((entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			copy_file(storage, ret_copy, entry->d_name);
	closedir(folder);
}

void storage_sql(const struct storage *storage, const char *statements)
{
	char path[100];
	sqlite3 *database = NULL;

	snprintf(path, sizeof(path), "%s/hostdevd.db", storage->path);
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	if (sqlite3_exec(database, statements, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", statements, sqlite3_errmsg(database));
	sqlite3_close(database);
}

struct instance_record *storage_record(int64_t number, const char *identity)
{
	struct instance_record *record = memory_allocate(sizeof(*record));
	struct buffer name = {0};

	buffer_format(&name, "vm-%lld", (long long)number);
	record->number = number;
	record->identity = memory_duplicate(identity);
	record->device = memory_duplicate("pci:0000:01:00.0");
	record->group = memory_duplicate("gpus");
	record->vm = memory_duplicate(buffer_string(&name));
	record->generation = 1;
	record->since = 1;
	buffer_done(&name);
	return record;
}

void storage_put(struct batch *batch, int64_t number, bool essential)
{
	char identity[40];
	struct write *write = batch_add(batch, WRITE_PUT);

	snprintf(identity, sizeof(identity), "identity-%lld", (long long)number);
	write->record = storage_record(number, identity);
	write->essential = essential;
}

void storage_delete(struct batch *batch, int64_t number, bool essential)
{
	struct write *write = batch_add(batch, WRITE_DELETE);

	write->number = number;
	write->essential = essential;
}

struct batch *storage_wait(struct storage *storage, int milliseconds)
{
	struct pollfd readable = {
		.fd = store_descriptor(storage->store),
		.events = POLLIN,
	};
	struct batch *batch = NULL;

	while (!batch && poll(&readable, 1, milliseconds) == 1) {
		batch = store_take_finished(storage->store);
		store_rules_error(storage->store);
	}
	return batch;
}

enum batch_outcome storage_commit(struct storage *storage, struct batch *batch, int *ret_error)
{
	enum batch_outcome outcome;

	store_write(storage->store, batch);
	assert_ptr_equal(storage_wait(storage, -1), batch);
	outcome = batch->outcome;
	if (ret_error)
		*ret_error = batch->error;
	batch_free(batch);
	return outcome;
}

void storage_commit_put(struct storage *storage, int64_t number)
{
	struct batch *batch = batch_new();

	storage_put(batch, number, false);
	assert_int_equal(storage_commit(storage, batch, NULL), BATCH_COMMITTED);
}

const struct instance_record *storage_find(const struct stored *stored, int64_t number)
{
	for (size_t i = 0; i < stored->instances.count; i++) {
		const struct instance_record *record = stored->instances.items[i];

		if (record->number == number)
			return record;
	}
	return NULL;
}
