/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/look.h"

#include "base/clock.h"
#include "base/memory.h"
#include "model/candidate.h"

#include <string.h>

void looks_init(struct looks *looks, struct text_pool *pool)
{
	*looks = (struct looks){.pool = pool};
	list_init(&looks->queue);
	list_init(&looks->waiting);
}

void looks_done(struct looks *looks)
{
	struct look *look;

	looks_wake(looks, CLOCK_NEVER);
	while ((look = looks_take(looks)))
		look_free(look);
	map_done(&looks->by_id);
}

static void queue_again(struct looks *looks, struct look *look)
{
	list_remove(&look->link);
	list_append(&looks->queue, &look->link);
	look->not_before = 0;
}

/* The look at the place of `id`; a new one is derived. */
static struct look *find_or_queue(struct looks *looks, const char *id, int64_t since)
{
	char carrier[PLACE_ID_SIZE];
	struct look *look;

	if (candidate_carrier(id, carrier))
		id = carrier;
	look = map_find(&looks->by_id, id, strlen(id));
	if (!look) {
		look = memory_allocate(sizeof(*look));
		look->id = text_intern_string(looks->pool, id);
		look->since = since;
		look->derived = true;
		list_append(&looks->queue, &look->link);
		map_add(&looks->by_id, look->id->bytes, look->id->length, look);
	}
	if (since < look->since)
		look->since = since;
	if (look->not_before)
		queue_again(looks, look);
	return look;
}

struct look *looks_add_rebound(struct looks *looks, const char *id, int64_t since)
{
	struct look *look = find_or_queue(looks, id, since);

	look->derived = false;
	return look;
}

struct look *looks_add(struct looks *looks, const char *id, int64_t since)
{
	struct look *look = looks_add_rebound(looks, id, since);

	look->whole = true;
	return look;
}

void looks_add_derived(struct looks *looks, const char *id, int64_t since)
{
	find_or_queue(looks, id, since)->whole = true;
}

struct look *looks_take(struct looks *looks)
{
	struct look *look;

	if (list_is_empty(&looks->queue))
		return NULL;
	look = container_of(looks->queue.next, struct look, link);
	list_remove(&look->link);
	map_take(&looks->by_id, look->id->bytes, look->id->length);
	return look;
}

void looks_defer(struct looks *looks, struct look *look, int64_t not_before)
{
	struct look *same = map_find(&looks->by_id, look->id->bytes, look->id->length);

	if (same) {
		same->derived = same->derived && look->derived;
		same->whole = true;
		look_free(look);
		return;
	}
	look->whole = true;
	look->not_before = not_before;
	list_append(&looks->waiting, &look->link);
	map_add(&looks->by_id, look->id->bytes, look->id->length, look);
}

void looks_wake(struct looks *looks, int64_t now)
{
	list_for_each(at, &looks->waiting) {
		struct look *look = container_of(at, struct look, link);

		if (look->not_before <= now)
			queue_again(looks, look);
	}
}

int64_t looks_deadline(const struct looks *looks, int64_t now)
{
	int64_t deadline = CLOCK_NEVER;

	if (!list_is_empty(&looks->queue))
		return now;
	list_for_each(at, &looks->waiting) {
		const struct look *look = container_of(at, struct look, link);

		if (look->not_before < deadline)
			deadline = look->not_before;
	}
	return deadline;
}

static void forget_properties(struct list_link *list)
{
	list_for_each(at, list) {
		struct look *look = container_of(at, struct look, link);

		look->properties_known = false;
		look->properties_stale = true;
		property_list_done(&look->properties);
	}
}

void looks_forget_properties(struct looks *looks)
{
	forget_properties(&looks->queue);
	forget_properties(&looks->waiting);
}

struct look *look_free(struct look *look)
{
	if (!look)
		return NULL;
	text_unref(look->id);
	property_list_done(&look->properties);
	free(look);
	return NULL;
}
