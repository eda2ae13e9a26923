/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/look.h"

#include "base/clock.h"
#include "base/memory.h"
#include "model/candidate.h"

#include <string.h>

#define FIRST_ROUND (10 * CLOCK_MILLISECOND)

void looks_init(struct looks *looks, struct text_pool *pool)
{
	*looks = (struct looks){.pool = pool};
	list_init(&looks->queue);
	for (unsigned round = 0; round < LOOK_ROUNDS; round++)
		list_init(&looks->waiting[round]);
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
	look->attempts = 0; /* what an event tells of may not be complete at once */
	if (look->not_before)
		queue_again(looks, look);
	return look;
}

struct look *looks_add_rebound(
	struct looks *looks, const char *id, enum look_driver driver, int64_t since)
{
	struct look *look = find_or_queue(looks, id, since);

	look->derived = false;
	look->driver = driver;
	return look;
}

struct look *looks_add(struct looks *looks, const char *id, int64_t since)
{
	struct look *look = find_or_queue(looks, id, since);

	look->derived = false;
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

static void merge(struct look *into, struct look *look)
{
	into->derived = into->derived && look->derived;
	into->whole = into->whole || look->whole;
	if (into->trial == 0)
		into->trial = look->trial;
	look_free(look);
}

void looks_defer(struct looks *looks, struct look *look, unsigned round, int64_t now)
{
	struct look *same = map_find(&looks->by_id, look->id->bytes, look->id->length);

	if (same) {
		merge(same, look);
		return;
	}
	look->not_before = now + (FIRST_ROUND << 2 * round);
	list_append(&looks->waiting[round], &look->link);
	map_add(&looks->by_id, look->id->bytes, look->id->length, look);
}

void looks_defer_for_driver(struct looks *looks, struct look *look, int64_t now)
{
	look->since = CLOCK_NEVER;
	look->derived = true;
	look->whole = false;
	look->driver = LOOK_DRIVER_UNTOLD;
	look->attempts = 0;
	look->incomplete_since = 0;
	look->properties_known = false;
	look->properties_stale = false;
	property_list_done(&look->properties);
	looks_defer(looks, look, look->trial, now);
}

static struct look *first_due(const struct list_link *waiting)
{
	return list_is_empty(waiting) ? NULL : container_of(waiting->next, struct look, link);
}

void looks_wake(struct looks *looks, int64_t now)
{
	for (unsigned round = 0; round < LOOK_ROUNDS; round++) {
		struct look *look;

		while ((look = first_due(&looks->waiting[round])) && look->not_before <= now)
			queue_again(looks, look);
	}
}

int64_t looks_deadline(const struct looks *looks, int64_t now)
{
	int64_t deadline = CLOCK_NEVER;

	if (!list_is_empty(&looks->queue))
		return now;
	for (unsigned round = 0; round < LOOK_ROUNDS; round++) {
		const struct look *look = first_due(&looks->waiting[round]);

		if (look && look->not_before < deadline)
			deadline = look->not_before;
	}
	return deadline;
}

static bool has_incomplete(const struct list_link *list)
{
	list_for_each(at, list)
		if (container_of(at, struct look, link)->incomplete_since)
			return true;
	return false;
}

bool looks_are_complete(const struct looks *looks)
{
	for (unsigned round = 0; round < LOOK_ROUNDS; round++)
		if (has_incomplete(&looks->waiting[round]))
			return false;
	return !has_incomplete(&looks->queue);
}

bool looks_are_settled(const struct looks *looks)
{
	return list_is_empty(&looks->queue) && looks_are_complete(looks);
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
	for (unsigned round = 0; round < LOOK_ROUNDS; round++)
		forget_properties(&looks->waiting[round]);
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
