/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/looking.h"

#include "base/clock.h"
#include "base/memory.h"
#include "model/candidate.h"

#include <string.h>

#define FIRST_ROUND (10 * CLOCK_MILLISECOND)

/* An incomplete device is looked at again after 10, 40, 160 and 640 ms, then at its next event. */
#define INCOMPLETE_ATTEMPTS 4

/* One of which not all can be read is taken as it is after so long, however many events come. */
#define UNSETTLED_LONGEST (2 * CLOCK_SECOND)

/* The round of the first look at a driver that no `bind` told of: after 160 ms, or after a scan,
 * which finds the drivers of all devices, 2.6 s. The last round is of 41 s. */
#define TRIAL_ROUND	 2
#define TRIAL_ROUND_SCAN 4

void looking_init(struct looking *looking, struct text_pool *pool)
{
	*looking = (struct looking){.pool = pool};
	list_init(&looking->queue);
	for (unsigned round = 0; round < LOOK_ROUNDS; round++)
		list_init(&looking->waiting[round]);
}

void looking_done(struct looking *looking)
{
	struct look *look;

	looking_wake(looking, CLOCK_NEVER);
	while ((look = looking_take(looking)))
		look_free(look);
	map_done(&looking->by_id);
}

static bool is_whole(const struct look *look)
{
	return look->state == LOOK_ASKED || look->state == LOOK_RETRY;
}

static void queue_again(struct looking *looking, struct look *look)
{
	list_remove(&look->link);
	list_append(&looking->queue, &look->link);
	look->not_before = 0;
}

/* The look at the place of `id`; a new one is derived, and its asker says what it is to read. */
static struct look *find_or_queue(struct looking *looking, const char *id, int64_t since)
{
	char carrier[PLACE_ID_SIZE];
	struct look *look;

	if (candidate_carrier(id, carrier))
		id = carrier;
	look = map_find(&looking->by_id, id, strlen(id));
	if (!look) {
		look = memory_allocate(sizeof(*look));
		look->id = text_intern_string(looking->pool, id);
		look->since = since;
		look->state = LOOK_OVER;
		look->derived = true;
		list_append(&looking->queue, &look->link);
		map_add(&looking->by_id, look->id->bytes, look->id->length, look);
	}
	if (since < look->since)
		look->since = since;
	look->attempts = 0; /* what an event tells of may not be complete at once */
	if (look->not_before)
		queue_again(looking, look);
	return look;
}

struct look *looking_add_rebound(
	struct looking *looking, const char *id, enum look_driver driver, int64_t since)
{
	struct look *look = find_or_queue(looking, id, since);

	if (!is_whole(look))
		look->state = LOOK_ASKED_FOR_DRIVER;
	look->derived = false;
	look->driver = driver;
	return look;
}

static struct look *ask(struct looking *looking, const char *id, int64_t since)
{
	struct look *look = find_or_queue(looking, id, since);

	if (!is_whole(look))
		look->state = LOOK_ASKED;
	return look;
}

struct look *looking_add(struct looking *looking, const char *id, int64_t since)
{
	struct look *look = ask(looking, id, since);

	look->derived = false;
	return look;
}

void looking_add_derived(struct looking *looking, const char *id, int64_t since)
{
	ask(looking, id, since);
}

struct look *looking_take(struct looking *looking)
{
	struct look *look;

	if (list_is_empty(&looking->queue))
		return NULL;
	look = container_of(looking->queue.next, struct look, link);
	list_remove(&look->link);
	map_take(&looking->by_id, look->id->bytes, look->id->length);
	return look;
}

static void put_off(struct looking *looking, struct look *look, unsigned round, int64_t now)
{
	struct look *same = map_find(&looking->by_id, look->id->bytes, look->id->length);

	if (same) { /* it does the work of both */
		same->derived = same->derived && look->derived;
		if (is_whole(look) && !is_whole(same))
			same->state = LOOK_ASKED;
		if (same->trial == 0)
			same->trial = look->trial;
		look_free(look);
		return;
	}
	look->not_before = now + (FIRST_ROUND << 2 * round);
	list_append(&looking->waiting[round], &look->link);
	map_add(&looking->by_id, look->id->bytes, look->id->length, look);
}

/* A trial is of the driver alone: what was asked is answered. */
static void forget_what_asked(struct look *look)
{
	look->since = CLOCK_NEVER;
	look->derived = true;
	look->driver = LOOK_DRIVER_UNTOLD;
	look->attempts = 0;
	look->properties_state = LOOK_PROPERTIES_KEPT;
	property_list_done(&look->properties);
}

void looking_return(struct looking *looking, struct look *look, int64_t now)
{
	switch (look->state) {
	case LOOK_ASKED: /* not judged */
	case LOOK_ASKED_FOR_DRIVER:
		put_off(looking, look, 0, now);
		break;
	case LOOK_RETRY:
		put_off(looking, look, look->attempts - 1, now);
		break;
	case LOOK_TRIAL:
		forget_what_asked(look);
		put_off(looking, look, look->trial, now);
		break;
	case LOOK_OVER:
		look_free(look);
		break;
	}
}

static struct look *first_due(const struct list_link *waiting)
{
	return list_is_empty(waiting) ? NULL : container_of(waiting->next, struct look, link);
}

void looking_wake(struct looking *looking, int64_t now)
{
	for (unsigned round = 0; round < LOOK_ROUNDS; round++) {
		struct look *look;

		while ((look = first_due(&looking->waiting[round])) && look->not_before <= now)
			queue_again(looking, look);
	}
}

int64_t looking_deadline(const struct looking *looking, int64_t now)
{
	int64_t deadline = CLOCK_NEVER;

	if (!list_is_empty(&looking->queue))
		return now;
	for (unsigned round = 0; round < LOOK_ROUNDS; round++) {
		const struct look *look = first_due(&looking->waiting[round]);

		if (look && look->not_before < deadline)
			deadline = look->not_before;
	}
	return deadline;
}

static bool has_retry(const struct list_link *list)
{
	list_for_each(at, list)
		if (container_of(at, struct look, link)->state == LOOK_RETRY)
			return true;
	return false;
}

bool looking_is_complete(const struct looking *looking)
{
	for (unsigned round = 0; round < LOOK_ROUNDS; round++)
		if (has_retry(&looking->waiting[round]))
			return false;
	return !has_retry(&looking->queue);
}

bool looking_is_settled(const struct looking *looking)
{
	return list_is_empty(&looking->queue) && looking_is_complete(looking);
}

static void forget_properties(struct list_link *list)
{
	list_for_each(at, list) {
		struct look *look = container_of(at, struct look, link);

		look->properties_state = LOOK_PROPERTIES_STALE;
		property_list_done(&look->properties);
	}
}

void looking_forget_properties(struct looking *looking)
{
	forget_properties(&looking->queue);
	for (unsigned round = 0; round < LOOK_ROUNDS; round++)
		forget_properties(&looking->waiting[round]);
}

const struct facts *look_keeps(const struct look *look, const struct device *known)
{
	if (!known || known->doubted)
		return NULL;
	if (is_whole(look) && known->now.facts->kinds & KIND_MASK(KIND_PCI))
		return NULL;
	return known->now.facts;
}

/*
 * The round after which a driver is looked at once more, since it may be gone without an event; 0:
 * it need not be. The kernel makes the link before the driver has tried the device, and takes it
 * away if it refuses. Only `bind` tells that it did not, and for the interfaces of a USB device not
 * even that.
 */
static unsigned find_trial(const struct look *look, const struct facts *facts, bool is_other_driver)
{
	bool is_asked_for = look->state == LOOK_ASKED || look->driver != LOOK_DRIVER_UNTOLD;

	if (!facts->bound || look->driver == LOOK_DRIVER_BOUND)
		return 0;
	if (is_other_driver || look->driver == LOOK_DRIVER_UNBOUND)
		return look->since == CLOCK_NEVER ? TRIAL_ROUND_SCAN : TRIAL_ROUND;
	if (look->trial == 0 || is_asked_for)
		return look->trial;
	return look->trial + 1 < LOOK_ROUNDS ? look->trial + 1 : 0;
}

/* Whether a device has been unsettled for long: so it is. Events may come for ever. */
static bool is_settled_so(const struct look *look, int64_t now)
{
	return look->state == LOOK_RETRY && (look->attempts == INCOMPLETE_ATTEMPTS ||
						    now >= look->retried_since + UNSETTLED_LONGEST);
}

/* Nothing is left of the look but the driver's trial. */
static void end(struct look *look)
{
	look->state = look->trial ? LOOK_TRIAL : LOOK_OVER;
}

enum look_step look_judge(struct look *look, int result, const struct facts *known,
	const struct facts *found, int64_t now)
{
	if (result == 0 || (result == LOOK_UNSETTLED && is_settled_so(look, now))) {
		bool is_other_driver = !known || known->bound != found->bound;

		if (look->trial && is_other_driver)
			look->derived = false; /* it was refused: what hangs on it was not asked */
		look->trial = find_trial(look, found, is_other_driver);
		end(look);
		return LOOK_STEP_SEE;
	}
	if (result == LOOK_GONE) {
		look->state = LOOK_OVER;
		return LOOK_STEP_LOSE;
	}
	if (look->attempts < INCOMPLETE_ATTEMPTS) {
		if (look->state != LOOK_RETRY)
			look->retried_since = now;
		look->state = LOOK_RETRY;
		look->attempts++;
		return LOOK_STEP_WAIT;
	}
	end(look);
	return result < 0 ? LOOK_STEP_RESYNC : LOOK_STEP_DOUBT;
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
