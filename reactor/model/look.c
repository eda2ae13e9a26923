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

/* The look at the place of `id`; a new one is derived. */
static struct look *find_or_queue(struct looks *looks, const char *id, int64_t since)
{
	char carrier[PLACE_ID_SIZE];
	struct look *look;

	if (candidate_carrier(id, carrier))
		id = carrier;
	look = map_find(&looks->by_id, id, strlen(id));
	if (look && since < look->since)
		look->since = since;
	if (look)
		return look;
	look = memory_allocate(sizeof(*look));
	look->id = text_intern_string(looks->pool, id);
	look->since = since;
	look->derived = true;
	list_append(&looks->queue, &look->link);
	map_add(&looks->by_id, look->id->bytes, look->id->length, look);
	return look;
}

struct look *looks_add(struct looks *looks, const char *id, int64_t since)
{
	struct look *look = find_or_queue(looks, id, since);

	look->derived = false;
	return look;
}

void looks_add_derived(struct looks *looks, const char *id, int64_t since)
{
	find_or_queue(looks, id, since);
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
	look->not_before = not_before;
	list_append(&looks->waiting, &look->link);
}

void looks_wake(struct looks *looks, int64_t now)
{
	list_for_each(at, &looks->waiting) {
		struct look *look = container_of(at, struct look, link);
		struct look *same;

		if (look->not_before > now)
			continue;
		list_remove(&look->link);
		same = map_find(&looks->by_id, look->id->bytes, look->id->length);
		if (same) { /* asked for meanwhile */
			same->derived = same->derived && look->derived;
			look_free(look);
			continue;
		}
		list_append(&looks->queue, &look->link);
		map_add(&looks->by_id, look->id->bytes, look->id->length, look);
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

struct look *look_free(struct look *look)
{
	if (!look)
		return NULL;
	text_unref(look->id);
	property_list_done(&look->properties);
	free(look);
	return NULL;
}
