/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/helper.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/thread.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct helper {
	int descriptor;
	pthread_mutex_t mutex;
	pthread_cond_t wanted; /* what the thread waits for */

	/* under the mutex, which is not held during the work */
	helper_function *work; /* NULL: none is to be done */
	helper_function *discard;
	void *context; /* NULL: nothing is to be taken */
	bool ending;   /* the thread frees everything */
};

static void destroy(struct helper *helper)
{
	if (helper->context)
		helper->discard(helper->context);
	if (helper->descriptor >= 0)
		close(helper->descriptor);
	pthread_cond_destroy(&helper->wanted);
	pthread_mutex_destroy(&helper->mutex);
	free(helper);
}

/* With the mutex held, which is free meanwhile. */
static void do_work(struct helper *helper)
{
	uint64_t one = 1;

	pthread_mutex_unlock(&helper->mutex);
	helper->work(helper->context);
	pthread_mutex_lock(&helper->mutex);
	helper->work = NULL;
	(void)!write(helper->descriptor, &one, sizeof(one)); /* cannot fail: it was read */
}

static void *run(void *context)
{
	struct helper *helper = context;

	pthread_mutex_lock(&helper->mutex);
	while (!helper->ending) {
		if (helper->work)
			do_work(helper);
		else
			pthread_cond_wait(&helper->wanted, &helper->mutex);
	}
	pthread_mutex_unlock(&helper->mutex);
	destroy(helper);
	return NULL;
}

int helper_new(struct helper **ret_helper)
{
	struct helper *helper = memory_allocate(sizeof(*helper));
	pthread_t thread;
	int result;

	pthread_mutex_init(&helper->mutex, NULL);
	pthread_cond_init(&helper->wanted, NULL);
	helper->descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	result = helper->descriptor < 0 ? error_from_errno() : thread_start(run, helper, &thread);
	if (result < 0) {
		destroy(helper);
		return result;
	}
	pthread_detach(thread);
	*ret_helper = helper;
	return 0;
}

struct helper *helper_free(struct helper *helper)
{
	if (!helper)
		return NULL;
	pthread_mutex_lock(&helper->mutex);
	helper->ending = true;
	pthread_cond_signal(&helper->wanted);
	pthread_mutex_unlock(&helper->mutex);
	return NULL;
}

int helper_descriptor(const struct helper *helper)
{
	return helper->descriptor;
}

void helper_begin(
	struct helper *helper, helper_function *work, helper_function *discard, void *context)
{
	pthread_mutex_lock(&helper->mutex);
	assert(!helper->context);
	helper->work = work;
	helper->discard = discard;
	helper->context = context;
	pthread_cond_signal(&helper->wanted);
	pthread_mutex_unlock(&helper->mutex);
}

void *helper_take(struct helper *helper)
{
	void *context = NULL;
	uint64_t count;

	pthread_mutex_lock(&helper->mutex);
	if (!helper->work && helper->context) {
		context = helper->context;
		helper->context = NULL;
		(void)!read(helper->descriptor, &count, sizeof(count));
	}
	pthread_mutex_unlock(&helper->mutex);
	return context;
}
