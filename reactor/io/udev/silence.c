/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debts are kept by device, not by SEQNUM or DEVPATH. An event means no more than "look again", so
 * whatever makes us look at a device after the kernel's last word on it settles all of them. udevd
 * drops a change when a removal is queued behind it, and renames interfaces between the kernel's
 * message and its own: neither leaves a debt. A storm on one device is one debt.
 *
 * A udevd that is busy or waits for one device's program is not silent: it goes on repeating
 * others. Then only what it owes is looked at, at the kernel's word. Nor is one that has taken
 * events into its queue and gets no time to work on them; but it may also have been stopped with
 * them, so that is believed for a minute. What is called silent wrongly all the same costs two
 * resyncs and no device.
 *
 * Rejected: gaps of SEQNUMs as a sign of loss. Both streams are filtered and have gaps by nature,
 * and udev's workers are parallel, so that a lower number after a higher one is no fault either.
 */
#include "io/udev/silence.h"

#include "base/clock.h"
#include "devices/looking.h"
#include "model/place.h"

#include <string.h>

#define PATIENCE      (5 * CLOCK_SECOND)
#define BUSY_PATIENCE (60 * CLOCK_SECOND)

/* More devices than this, and they are looked at without waiting for udev: 3 MiB at most. */
#define DEBTS_MOST 16384

struct debt {
	struct list_link link; // silence::debts
	char id[PLACE_ID_SIZE];
	uint64_t number; /* the newest SEQNUM that the kernel said */
	int64_t since;	 /* when the oldest that is not settled was received */
};

void silence_init(struct silence *silence)
{
	*silence = (struct silence){0};
	list_init(&silence->debts);
}

static void forgive(struct silence *silence, struct debt *debt)
{
	map_take(&silence->by_id, debt->id, strlen(debt->id));
	list_remove(&debt->link);
	free(debt);
}

static struct debt *oldest(const struct silence *silence)
{
	if (list_is_empty(&silence->debts))
		return NULL;
	return container_of(silence->debts.next, struct debt, link);
}

static void forgive_all(struct silence *silence)
{
	struct debt *debt;

	while ((debt = oldest(silence)))
		forgive(silence, debt);
}

void silence_done(struct silence *silence)
{
	forgive_all(silence);
	map_done(&silence->by_id);
}

static bool was_repeated(const struct silence *silence, uint64_t number)
{
	return number > 0 && silence->repeated[number % SILENCE_AHEAD] == number;
}

bool silence_expect(struct silence *silence, const char *id, uint64_t number, int64_t now)
{
	struct debt *debt = map_find(&silence->by_id, id, strlen(id));

	if (silence->silent)
		return false;
	if (was_repeated(silence, number))
		return true;
	if (debt) {
		if (number > debt->number)
			debt->number = number;
		return true;
	}
	if (silence->by_id.count >= DEBTS_MOST)
		return false;
	debt = memory_allocate(sizeof(*debt));
	strcpy(debt->id, id);
	debt->number = number;
	debt->since = now;
	list_append(&silence->debts, &debt->link);
	map_add(&silence->by_id, debt->id, strlen(debt->id), debt);
	return true;
}

void silence_settle(struct silence *silence, const char *id, uint64_t number, int64_t now)
{
	struct debt *debt = map_find(&silence->by_id, id, strlen(id));

	silence->repeated[number % SILENCE_AHEAD] = number;
	if (!debt)
		return;
	if (number >= debt->number) {
		forgive(silence, debt);
		return;
	}
	/* when the rest was received is not known; it is younger than this */
	debt->since = now;
	list_remove(&debt->link);
	list_append(&silence->debts, &debt->link);
}

void silence_hear(struct silence *silence, int64_t now)
{
	silence->heard = now;
	silence->busy_from = 0;
	silence->silent = false;
}

/* Whether nothing was heard since that was owed, and its queue is no reason, or not any more. */
static bool says_nothing(struct silence *silence, const struct debt *debt, bool busy, int64_t now)
{
	if (silence->heard > debt->since)
		return false;
	if (silence->busy_from == 0)
		silence->busy_from = debt->since;
	return !busy || now >= silence->busy_from + BUSY_PATIENCE;
}

void silence_check(struct silence *silence, struct looking *looks, bool busy, int64_t now)
{
	struct debt *debt;

	while ((debt = oldest(silence)) && now >= debt->since + PATIENCE) {
		if (says_nothing(silence, debt, busy, now)) {
			forgive_all(silence);
			silence->silent = true;
			return;
		}
		looking_add(looks, debt->id, debt->since);
		forgive(silence, debt);
	}
}

int64_t silence_deadline(const struct silence *silence)
{
	const struct debt *debt = oldest(silence);

	return debt ? debt->since + PATIENCE : CLOCK_NEVER;
}
