/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store and its thread. The database is the caller's until store_start and then the thread's;
 * all that both touch is under the mutex, which is never held during a write. The eventfd is
 * written when a job is done and read when the last news is taken.
 */
#include "io/store/store.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/thread.h"
#include "io/store/ballast.h"
#include "io/store/commit.h"
#include "io/store/damage.h"
#include "io/store/database.h"
#include "io/store/last_good.h"
#include "io/store/rows.h"
#include "io/store/transaction.h"

#include <assert.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* How often a failed commit is taken back while the disk does not let us. */
#define UNDO_RETRY (250 * CLOCK_MILLISECOND)

struct store {
	struct database database;
	int descriptor;
	bool started;
	bool writing; /* a batch was handed over and not taken back; the caller's own */
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wanted; /* what the thread waits for */

	/* under the mutex */
	struct batch *waiting;	/* handed over; NULL: none, or it is being written */
	struct batch *finished; /* with its outcome, not taken yet */
	struct vector *rules;	/* texts to be saved; NULL: none */
	struct vector *unsaved; /* texts that failed to be, for another try; NULL: none */
	int rules_error;
	bool rules_news; /* nobody has asked for rules_error yet */
	bool ending;
};

static struct store *allocate(void)
{
	struct store *store = memory_allocate(sizeof(*store));
	pthread_condattr_t attributes;

	store->descriptor = -1;
	pthread_mutex_init(&store->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&store->wanted, &attributes);
	pthread_condattr_destroy(&attributes);
	return store;
}

/*
 * What every open database gets. That one more start cannot be counted, or the log not be emptied,
 * is no reason not to start: the disk may be full.
 */
static void settle_in(struct database *database)
{
	database_execute(database, "UPDATE meta SET starts = starts + 1");
	sqlite3_wal_checkpoint_v2(database->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	ballast_take(database->ballast);
}

int store_open(const char *directory, struct store **ret_store)
{
	struct store *store = allocate();
	int result;

	store->descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	result = store->descriptor < 0 ? error_from_errno()
				       : damage_open(directory, &store->database);
	if (result != 0 && result != STORE_DAMAGED) {
		store_free(store);
		return result;
	}
	settle_in(&store->database);
	*ret_store = store;
	return result;
}

static struct vector *free_rules(struct vector *rules)
{
	if (!rules)
		return NULL;
	rule_texts_done(rules);
	free(rules);
	return NULL;
}

static void end_thread(struct store *store)
{
	pthread_mutex_lock(&store->mutex);
	store->ending = true;
	pthread_cond_signal(&store->wanted);
	pthread_mutex_unlock(&store->mutex);
	pthread_join(store->thread, NULL);
}

struct store *store_free(struct store *store)
{
	if (!store)
		return NULL;
	if (store->started)
		end_thread(store);
	database_done(&store->database);
	batch_free(store->finished);
	free_rules(store->rules);
	free_rules(store->unsaved);
	if (store->descriptor >= 0)
		close(store->descriptor);
	pthread_cond_destroy(&store->wanted);
	pthread_mutex_destroy(&store->mutex);
	free(store);
	return NULL;
}

int store_load_rules(struct store *store, struct vector *ret_texts)
{
	return last_good_load(&store->database, ret_texts);
}

int store_load(struct store *store, struct stored *ret_stored)
{
	int result = rows_load(&store->database, ret_stored);
	int loaded;

	if (result != STORE_DAMAGED)
		return result;
	result = damage_start_again(&store->database);
	if (result != STORE_DAMAGED)
		return result;
	loaded = rows_load(&store->database, ret_stored);
	return loaded ? loaded : STORE_DAMAGED;
}

/* With the mutex held. */
static void tell(struct store *store)
{
	uint64_t one = 1;

	(void)!write(store->descriptor, &one, sizeof(one)); /* fails only if it is readable */
}

/* With the mutex held: nothing is left to be told. */
static void hush(struct store *store)
{
	uint64_t count;

	if (!store->finished && !store->rules_news)
		(void)!read(store->descriptor, &count, sizeof(count)); /* or it was not told */
}

static void wait_for_retry(struct store *store)
{
	int64_t until = clock_monotonic() + UNDO_RETRY;
	struct timespec time = {
		.tv_sec = until / CLOCK_SECOND,
		.tv_nsec = until % CLOCK_SECOND * 1000,
	};

	while (!store->ending && clock_monotonic() < until)
		pthread_cond_timedwait(&store->wanted, &store->mutex, &time);
}

/* With the mutex held: has every commit that failed taken back. False: ended before that. */
static bool remove_doubt(struct store *store)
{
	for (;;) {
		bool last = store->ending;

		pthread_mutex_unlock(&store->mutex);
		transaction_undo(&store->database);
		pthread_mutex_lock(&store->mutex);
		if (!store->database.doubt)
			return true;
		if (last)
			return false;
		wait_for_retry(store);
	}
}

/* With the mutex held, which is free meanwhile. */
static void write_batch(struct store *store)
{
	struct batch *batch = store->waiting;

	store->waiting = NULL;
	pthread_mutex_unlock(&store->mutex);
	commit_batch(&store->database, batch);
	pthread_mutex_lock(&store->mutex);
	if (remove_doubt(store)) {
		store->finished = batch;
		tell(store);
	} else {
		batch_free(batch);
	}
}

/* With the mutex held: what came of saving `rules`, which is taken over. */
static void note_rules(struct store *store, struct vector *rules, int result)
{
	if (result)
		store->unsaved = rules;
	else
		free_rules(rules);
	store->rules_error = result;
}

/* Likewise. A copy of rules that comes back after all does no harm, so its doubt may stay. */
static void write_rules(struct store *store)
{
	struct vector *rules = store->rules;
	int result;

	store->rules = NULL;
	store->unsaved = free_rules(store->unsaved);
	pthread_mutex_unlock(&store->mutex);
	result = last_good_save(&store->database, rules);
	pthread_mutex_lock(&store->mutex);
	note_rules(store, rules, result);
	store->rules_news = true;
	tell(store);
}

static void *run(void *context)
{
	struct store *store = context;

	pthread_mutex_lock(&store->mutex);
	for (;;) {
		if (store->waiting)
			write_batch(store);
		else if (store->rules)
			write_rules(store);
		else if (store->ending)
			break;
		else
			pthread_cond_wait(&store->wanted, &store->mutex);
	}
	pthread_mutex_unlock(&store->mutex);
	return NULL;
}

int store_start(struct store *store)
{
	int result = thread_start(run, store, &store->thread);

	store->started = result == 0;
	return result;
}

int store_descriptor(const struct store *store)
{
	return store->descriptor;
}

void store_write(struct store *store, struct batch *batch)
{
	pthread_mutex_lock(&store->mutex);
	assert(store->started && !store->writing);
	store->waiting = batch;
	store->writing = true;
	pthread_cond_signal(&store->wanted);
	pthread_mutex_unlock(&store->mutex);
}

bool store_is_writing(const struct store *store)
{
	return store->writing;
}

struct batch *store_take_finished(struct store *store)
{
	struct batch *finished;

	if (!store->writing)
		return NULL;
	pthread_mutex_lock(&store->mutex);
	finished = store->finished;
	store->finished = NULL;
	if (finished)
		store->writing = false;
	hush(store);
	pthread_mutex_unlock(&store->mutex);
	return finished;
}

static struct vector *copy_rules(const struct vector *texts)
{
	struct vector *copy = memory_allocate(sizeof(*copy));

	for (size_t i = 0; i < texts->count; i++) {
		const struct rule_text *text = texts->items[i];

		vector_add(copy, rule_text_new(text->file, text->bytes, text->length));
	}
	return copy;
}

static void queue_rules(struct store *store, struct vector *rules)
{
	struct vector *overtaken;

	pthread_mutex_lock(&store->mutex);
	overtaken = store->rules;
	store->rules = rules;
	pthread_cond_signal(&store->wanted);
	pthread_mutex_unlock(&store->mutex);
	free_rules(overtaken);
}

void store_save_rules(struct store *store, const struct vector *texts)
{
	if (store->started)
		queue_rules(store, copy_rules(texts));
	else
		note_rules(store, copy_rules(texts), last_good_save(&store->database, texts));
}

void store_retry_rules(struct store *store)
{
	pthread_mutex_lock(&store->mutex);
	if (!store->rules) {
		store->rules = store->unsaved;
		store->unsaved = NULL;
		pthread_cond_signal(&store->wanted);
	}
	pthread_mutex_unlock(&store->mutex);
}

int store_rules_error(struct store *store)
{
	int error;

	pthread_mutex_lock(&store->mutex);
	error = store->rules_error;
	store->rules_news = false;
	hush(store);
	pthread_mutex_unlock(&store->mutex);
	return error;
}
