/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a subscriber is sent, in pieces of any size: the same bytes, each once. */
#include "claims/claims.h"
#include "io/socket/subscription.h"

#include "base/memory.h"
#include "io/socket/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define VECTORS 8

static struct text_pool pool;
static struct counters counters;

static void see(struct claims *claims, const char *id, const char *name)
{
	struct facts *facts = facts_new(
		text_intern_string(&pool, id), KIND_MASK(id[0] == 'u' ? KIND_USB : KIND_PCI));

	facts->name = text_intern_string(&pool, name);
	devices_see(claims->devices, facts);
}

/* Settles and adds all to the journal. */
static void publish(struct claims *claims, struct journal *journal)
{
	struct delta delta = {0};

	claims_settle(claims, &delta);
	for (size_t i = 0; i < delta.changes.count; i++)
		journal_add(journal, delta.changes.items[i], 5);
	delta_done(&delta);
}

static void change_all(struct claims *claims, struct journal *journal, const char *name)
{
	static const char *const ids[] = {
		"pci:0000:01:00.0", "pci:0000:02:00.0", "usb:1-1", "usb:1-2", "usb:1-3"};

	for (size_t i = 0; i < ARRAY_LENGTH(ids); i++)
		see(claims, ids[i], name);
	publish(claims, journal);
}

/* Sends all that is due, at most `most` bytes at a time, onto `ret_sent`. */
static void send_all(struct subscription *subscription, const struct journal *journal, size_t most,
	struct buffer *ret_sent)
{
	struct subscription_position end;
	struct iovec vectors[VECTORS];

	for (;;) {
		struct parcel parcel = {.vectors = vectors, .most = VECTORS, .enough = 700};
		size_t left;

		subscription_gather(subscription, journal, &parcel, &end);
		assert_true(parcel.count <= VECTORS);
		left = parcel.length < most ? parcel.length : most;
		for (size_t i = 0, rest = left; i < parcel.count && rest > 0; i++) {
			size_t length = vectors[i].iov_len < rest ? vectors[i].iov_len : rest;

			buffer_add(ret_sent, vectors[i].iov_base, length);
			rest -= length;
		}
		subscription_advance(subscription, journal, &parcel, &end, left);
		if (parcel.length == 0)
			return;
	}
}

/* The seq and two letters of the type of each reply (da, dc, ry for ready), as one line. */
static const char *outline(struct buffer *sent)
{
	static const char tail[] = "},\"continues\":true}";
	static char line[1000];
	size_t end = 0;

	line[0] = '\0';
	for (size_t at = 0; at < sent->length; at += strlen(sent->bytes + at) + 1) {
		const char *reply = sent->bytes + at;
		const char *type = strstr(reply, "\"type\":\"") + 8;
		unsigned seq;

		assert_int_equal(sscanf(reply, "{\"parameters\":{\"event\":{\"seq\":%u,", &seq), 1);
		assert_string_equal(reply + strlen(reply) - strlen(tail), tail);
		end += (size_t)snprintf(line + end, sizeof(line) - end, "%u%c%c ", seq, type[0],
			type[0] == 'r' ? 'y' : type[strlen("device.")]);
	}
	return line;
}

struct world {
	struct devices devices;
	struct claims claims;
	struct journal journal;
};

static void world_init(struct world *world, size_t ring)
{
	devices_init(&world->devices, &pool, &counters);
	claims_init(&world->claims, &world->devices);
	journal_init(&world->journal, ring, 1 << 20);
	change_all(&world->claims, &world->journal, "first");
}

static void world_done(struct world *world)
{
	journal_done(&world->journal);
	claims_done(&world->claims);
	devices_done(&world->devices);
}

static const struct {
	const char *what;
	bool snapshot;
	uint64_t since;
	struct filter filter;
	const char *want; /* seq, d for device, a for added or c for changed; ry is ready */
} watches[] = {
	{"live", false, 5, {0}, "5ry 6dc 7dc 8dc 9dc 10dc "},
	{"snapshot", true, 0, {0}, "5da 5da 5da 5da 5da 5ry 6dc 7dc 8dc 9dc 10dc "},
	{"replay of all", false, 0, {0}, "1da 2da 3da 4da 5da 5ry 6dc 7dc 8dc 9dc 10dc "},
	{"replay", false, 3, {0}, "4da 5da 5ry 6dc 7dc 8dc 9dc 10dc "},
	{"snapshot of usb", true, 0, {.kinds = KIND_MASK(KIND_USB)},
		"5da 5da 5da 5ry 8dc 9dc 10dc "},
	{"replay of pci", false, 1, {.kinds = KIND_MASK(KIND_PCI)}, "2da 5ry 6dc 7dc "},
	{"replay of nothing", false, 0, {.types = 1u << EVENT_RESYNC}, "5ry "},
	{"snapshot of nothing", true, 0, {.types = 1u << EVENT_RESYNC}, "5ry "},
	{"changes", true, 0, {.types = 1u << EVENT_DEVICE_CHANGED}, "5ry 6dc 7dc 8dc 9dc 10dc "},
};

static void begin(struct subscription *subscription, struct world *world, size_t watch)
{
	static const char ready[] = "{\"parameters\":{\"event\":{\"seq\":5,\"usec\":5,\"type\":"
				    "\"ready\",\"epoch\":\"e\"}},\"continues\":true}";
	struct snapshot *snapshot = watches[watch].snapshot
					    ? snapshot_new(&world->claims, world->journal.last, 5)
					    : NULL;

	*subscription = (struct subscription){.filter = watches[watch].filter};
	subscription_init(subscription, watches[watch].since, world->journal.last, snapshot);
	subscription->ready = text_new(ready, sizeof(ready));
	snapshot_unref(snapshot);
}

/* The second half of the events happens when some of the first is on its way. */
static void test_watches_in_pieces(void **state)
{
	static const size_t sizes[] = {1, 2, 3, 7, 50, 118, 119, 120, 333, 1000, 100000};

	(void)state;
	for (size_t watch = 0; watch < ARRAY_LENGTH(watches); watch++) {
		for (size_t size = 0; size < ARRAY_LENGTH(sizes); size++) {
			struct subscription subscription;
			struct buffer sent = {0};
			struct world world;

			world_init(&world, 100);
			begin(&subscription, &world, watch);
			send_all(&subscription, &world.journal, sizes[size], &sent);
			change_all(&world.claims, &world.journal, "second");
			send_all(&subscription, &world.journal, sizes[size], &sent);
			if (strcmp(outline(&sent), watches[watch].want) != 0)
				fail_msg("%s by %zu: %s", watches[watch].what, sizes[size],
					outline(&sent));
			assert_null(subscription.snapshot);
			buffer_done(&sent);
			subscription_done(&subscription);
			world_done(&world);
		}
	}
}

/* A part of a snapshot is out when events happen: they come behind it. */
static void test_event_during_snapshot(void **state)
{
	struct subscription_position end;
	struct subscription subscription;
	struct iovec vectors[VECTORS];
	struct parcel parcel = {.vectors = vectors, .most = VECTORS, .enough = 1};
	struct buffer sent = {0};
	struct world world;

	(void)state;
	world_init(&world, 100);
	begin(&subscription, &world, 1);
	subscription_gather(&subscription, &world.journal, &parcel, &end);
	buffer_add(&sent, vectors[0].iov_base, 11);
	subscription_advance(&subscription, &world.journal, &parcel, &end, 11);
	change_all(&world.claims, &world.journal, "second");
	subscription_skip(&subscription, &world.journal);
	send_all(&subscription, &world.journal, 100000, &sent);
	assert_string_equal(outline(&sent), watches[1].want);
	assert_non_null(strstr(sent.bytes, "\"first\""));
	buffer_done(&sent);
	subscription_done(&subscription);
	world_done(&world);
}

/* With a ring of 7, one that stands at event 6 is lost when event 13 comes and 6 leaves. */
static void test_lost(void **state)
{
	struct subscription live;
	struct subscription pci;
	struct world world;

	(void)state;
	world_init(&world, 7);
	begin(&live, &world, 1);
	begin(&pci, &world, 5);
	pci.at.next = 8;
	change_all(&world.claims, &world.journal, "second");
	subscription_skip(&pci, &world.journal);
	assert_int_equal(pci.at.next, 11);
	see(&world.claims, "usb:1-1", "third");
	see(&world.claims, "usb:1-2", "third");
	publish(&world.claims, &world.journal);
	assert_false(subscription_is_lost(&live, &world.journal));
	see(&world.claims, "usb:1-1", "fourth");
	publish(&world.claims, &world.journal);
	assert_true(subscription_is_lost(&live, &world.journal));
	assert_false(subscription_is_lost(&pci, &world.journal));
	subscription_done(&live);
	subscription_done(&pci);
	world_done(&world);
}

/* Only what passes the filter waits for a subscriber. */
static void test_behind(void **state)
{
	struct subscription live;
	struct subscription pci;
	struct world world;
	uint64_t waiting;

	(void)state;
	world_init(&world, 100);
	begin(&live, &world, 0);
	begin(&pci, &world, 5);
	pci.at.next = 6;
	assert_false(subscription_is_behind(&live, &world.journal, 0));
	change_all(&world.claims, &world.journal, "second");
	waiting = journal_bytes_from(&world.journal, 6);
	assert_true(subscription_is_behind(&live, &world.journal, (size_t)waiting - 1));
	assert_false(subscription_is_behind(&live, &world.journal, (size_t)waiting));
	waiting -= journal_bytes_from(&world.journal, 8);
	assert_true(subscription_is_behind(&pci, &world.journal, (size_t)waiting - 1));
	assert_false(subscription_is_behind(&pci, &world.journal, (size_t)waiting));
	subscription_done(&live);
	subscription_done(&pci);
	world_done(&world);
}

/* Asked again and again, while it is sent some and more comes, it says what counting all says. */
static void test_behind_as_it_goes(void **state)
{
	(void)state;
	for (size_t watch = 0; watch < ARRAY_LENGTH(watches); watch++) {
		struct subscription subscription;
		struct world world;

		world_init(&world, 100);
		begin(&subscription, &world, watch);
		subscription.at.next = 6;
		for (unsigned turn = 0; turn < 200; turn++) {
			struct subscription fresh;
			size_t most = turn * 7919 % 3000;

			if (turn % 3 == 0)
				change_all(
					&world.claims, &world.journal, turn % 2 ? "odd" : "even");
			if (turn % 5 == 4 && subscription.at.next < world.journal.last - turn % 8)
				subscription.at.next += turn % 8;
			if (subscription.at.next < journal_oldest(&world.journal))
				subscription.at.next = journal_oldest(&world.journal);
			fresh = subscription;
			fresh.backlog = (struct subscription_backlog){0};
			if (subscription_is_behind(&subscription, &world.journal, most) !=
				subscription_is_behind(&fresh, &world.journal, most))
				fail_msg("%s, turn %u", watches[watch].what, turn);
		}
		subscription_done(&subscription);
		world_done(&world);
	}
}

/* Texts go out once, in pieces of any size, and are given up as they go. */
static void test_outbox(void **state)
{
	(void)state;
	for (size_t size = 1; size < 20; size++) {
		struct text *shared = text_new("shared", 6);
		struct outbox outbox = {0};
		struct buffer sent = {0};
		struct iovec vectors[VECTORS];

		for (unsigned i = 0; i < 6; i++)
			outbox_add(&outbox, i % 2 ? text_new(",", 1) : text_ref(shared));
		while (outbox.texts.count > 0) {
			struct parcel parcel = {.vectors = vectors, .most = 4, .enough = 15};
			size_t length;

			outbox_gather(&outbox, &parcel);
			length = vectors[0].iov_len < size ? vectors[0].iov_len : size;
			buffer_add(&sent, vectors[0].iov_base, length);
			outbox_advance(&outbox, length);
		}
		assert_string_equal(buffer_string(&sent), "shared,shared,shared,");
		assert_int_equal(shared->references, 1);
		outbox_add(&outbox, text_ref(shared));
		outbox_done(&outbox);
		assert_int_equal(shared->references, 1);
		text_unref(shared);
		buffer_done(&sent);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_watches_in_pieces),
		cmocka_unit_test(test_event_during_snapshot),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_behind),
		cmocka_unit_test(test_behind_as_it_goes),
		cmocka_unit_test(test_outbox),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	text_pool_done(&pool);
	return failed;
}
