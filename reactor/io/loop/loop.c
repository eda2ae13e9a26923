/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/loop/loop.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/vector.h"

#include <event2/event.h>
#include <stdbool.h>

struct loop_source {
	struct event *event;
	loop_callback *callback;
	void *context;
};

struct loop {
	struct event_base *base;
	struct event *timer;
	struct vector watches; /* of struct loop_source, owned */
	struct vector signals; /* likewise */
};

static void on_timer(evutil_socket_t descriptor, short what, void *context)
{
	(void)descriptor;
	(void)what;
	(void)context; /* its only purpose is to end the wait */
}

static void on_source(evutil_socket_t descriptor, short what, void *context)
{
	const struct loop_source *source = context;

	(void)descriptor;
	(void)what;
	source->callback(source->context);
}

int loop_new(struct loop **ret_loop)
{
	struct loop *loop = memory_allocate(sizeof(*loop));

	loop->base = event_base_new();
	if (loop->base)
		loop->timer = evtimer_new(loop->base, on_timer, NULL);
	if (!loop->timer) {
		int result = error_from_errno();

		loop_free(loop);
		return result;
	}
	*ret_loop = loop;
	return 0;
}

static void free_source(struct loop_source *source)
{
	event_free(source->event);
	free(source);
}

static void free_sources(struct vector *sources)
{
	for (size_t i = 0; i < sources->count; i++)
		free_source(sources->items[i]);
	vector_done(sources);
}

struct loop *loop_free(struct loop *loop)
{
	if (!loop)
		return NULL;
	free_sources(&loop->watches);
	free_sources(&loop->signals);
	if (loop->timer)
		event_free(loop->timer);
	if (loop->base)
		event_base_free(loop->base);
	free(loop);
	return NULL;
}

struct event_base *loop_base(struct loop *loop)
{
	return loop->base;
}

static int add_source(struct loop *loop, int number, short what, struct loop_source *source)
{
	int result;

	source->event = event_new(loop->base, number, what | EV_PERSIST, on_source, source);
	if (source->event && event_add(source->event, NULL) == 0)
		return 0;
	result = error_from_errno();
	if (source->event)
		event_free(source->event);
	free(source);
	return result;
}

static struct loop_source *source_of(loop_callback *callback, void *context)
{
	struct loop_source *source = memory_allocate(sizeof(*source));

	source->callback = callback;
	source->context = context;
	return source;
}

void loop_set_flag(void *flag)
{
	*(bool *)flag = true;
}

int loop_watch(struct loop *loop, int descriptor, loop_callback *callback, void *context)
{
	struct loop_source *source = source_of(callback, context);
	int result = add_source(loop, descriptor, EV_READ, source);

	if (result == 0)
		vector_add(&loop->watches, source);
	return result;
}

int loop_signal(struct loop *loop, int signal, loop_callback *callback, void *context)
{
	struct loop_source *source = source_of(callback, context);
	int result = add_source(loop, signal, EV_SIGNAL, source);

	if (result == 0)
		vector_add(&loop->signals, source);
	return result;
}

void loop_unwatch(struct loop *loop, int descriptor)
{
	for (size_t i = loop->watches.count; i > 0; i--) {
		const struct loop_source *source = loop->watches.items[i - 1];

		if (event_get_fd(source->event) == descriptor)
			free_source(vector_remove(&loop->watches, i - 1));
	}
}

int loop_wait(struct loop *loop, int64_t deadline)
{
	int flags = EVLOOP_ONCE;
	int64_t now = clock_monotonic();

	evtimer_del(loop->timer);
	if (deadline <= now) {
		flags |= EVLOOP_NONBLOCK;
	} else if (deadline != CLOCK_NEVER) {
		struct timeval wait = {
			.tv_sec = (deadline - now) / CLOCK_SECOND,
			.tv_usec = (deadline - now) % CLOCK_SECOND,
		};

		evtimer_add(loop->timer, &wait);
	}
	return event_base_loop(loop->base, flags) < 0 ? error_from_errno() : 0;
}
