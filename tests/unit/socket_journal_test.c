/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/socket/journal.h"

#include "base/memory.h"
#include "model/field.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct filter all;

/* Adds an event about a device whose JSON is `size` characters long. */
static void add(struct journal *journal, enum change_type type, unsigned kinds, size_t size)
{
	char *bytes = memory_allocate(size + 1);
	struct change change = {.type = type, .kinds = kinds};

	memset(bytes, '7', size);
	change.device = text_new(bytes, size);
	journal_add(journal, &change, 1000);
	text_unref(change.device);
	free(bytes);
}

static uint64_t seq_of(const char *reply)
{
	uint64_t seq = 0;

	assert_int_equal(
		sscanf(reply, "{\"parameters\":{\"event\":{\"seq\":%" SCNu64 ",", &seq), 1);
	return seq;
}

/* Reads all from `next` on: every event whole, in order; returns how many runs they came in. */
static unsigned read_all(const struct journal *journal, const struct filter *filter, uint64_t next,
	struct vector *ret_seqs)
{
	struct journal_cursor cursor = {next, journal->last, filter};
	struct iovec run;
	unsigned runs = 0;

	for (; journal_next(journal, &cursor, SIZE_MAX, &run); runs++) {
		const char *at = run.iov_base;

		while (at < (char *)run.iov_base + run.iov_len) {
			vector_add(ret_seqs, (void *)(uintptr_t)seq_of(at));
			at += strlen(at) + 1;
		}
		assert_ptr_equal(at, (char *)run.iov_base + run.iov_len);
	}
	assert_int_equal(cursor.next, journal->last + 1);
	return runs;
}

static void assert_all_kept(const struct journal *journal)
{
	uint64_t oldest = journal_oldest(journal);
	struct vector seqs = {0};

	read_all(journal, &all, oldest, &seqs);
	assert_int_equal(seqs.count, journal->last + 1 - oldest);
	for (size_t i = 0; i < seqs.count; i++)
		assert_int_equal((uintptr_t)seqs.items[i], oldest + i);
	vector_done(&seqs);
}

static void test_reply(void **state)
{
	struct change change = {
		.type = EVENT_DEVICE_CHANGED,
		.device = text_new("{\"id\":\"usb:1\"}", 14),
		.group = text_new("g", 1),
		.rule = text_new("r", 1),
		.changed = text_new("[\"state\"]", 9),
		.instance = text_new("{\"id\":\"i-1\"}", 12),
	};
	struct journal_cursor cursor = {1, 1, &all};
	struct journal journal;
	struct iovec run;

	(void)state;
	journal_init(&journal, 10, 1000);
	assert_int_equal(journal_oldest(&journal), 1);
	assert_int_equal(journal_bytes_from(&journal, 1), 0);
	journal_add(&journal, &change, 1234567);
	assert_true(journal_next(&journal, &cursor, 1, &run));
	assert_string_equal(run.iov_base,
		"{\"parameters\":{\"event\":{\"seq\":1,\"usec\":1234567,"
		"\"type\":\"device.changed\","
		"\"device\":{\"id\":\"usb:1\"},\"group\":\"g\",\"rule\":"
		"\"r\",\"instance\":{\"id\":\"i-1\"},\"changed\":[\"state\"]}},"
		"\"continues\":true}");
	assert_int_equal(run.iov_len, strlen(run.iov_base) + 1);
	assert_int_equal(journal_bytes_from(&journal, 1), run.iov_len);
	assert_int_equal(journal_bytes_from(&journal, 2), 0);
	text_unref(change.device);
	text_unref(change.group);
	text_unref(change.rule);
	text_unref(change.changed);
	text_unref(change.instance);
	journal_done(&journal);
}

/* Events of all sizes through a small ring: whatever is kept is whole and in order. */
static void test_ring_of_bytes(void **state)
{
	static const size_t rings[] = {200, 500, 1000, 1777, 100000};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rings); i++) {
		struct journal journal;
		unsigned random = 1;

		journal_init(&journal, 100000, rings[i]);
		for (unsigned added = 1; added <= 3000; added++) {
			random = random * 1103515245 + 12345;
			add(&journal, EVENT_DEVICE_ADDED, 1, 1 + (random >> 16) % 300);
			assert_int_equal(journal.last, added);
			assert_true(journal.count >= 1);
			assert_true(journal.capacity <= (rings[i] < 500 ? 500 : rings[i]));
			if (added % 7 == 0)
				assert_all_kept(&journal);
		}
		/* a ring keeps most of what it has room for */
		assert_true(rings[i] < 1000 ||
			    journal_bytes_from(&journal, journal_oldest(&journal)) > rings[i] / 3);
		journal_done(&journal);
	}
}

static void test_ring_of_entries(void **state)
{
	struct journal journal;

	(void)state;
	journal_init(&journal, 300, 1 << 20);
	for (unsigned added = 1; added <= 1000; added++) {
		add(&journal, EVENT_DEVICE_ADDED, 1, 5);
		assert_int_equal(journal.count, added < 300 ? added : 300);
		assert_int_equal(journal_oldest(&journal), added < 300 ? 1 : added - 299);
	}
	assert_all_kept(&journal);
	journal_done(&journal);
}

static void test_keep_fewer_then_more(void **state)
{
	struct journal journal;

	(void)state;
	journal_init(&journal, 1000, 1 << 20);
	for (unsigned i = 0; i < 700; i++)
		add(&journal, EVENT_DEVICE_CHANGED, 1, 20);
	journal_keep(&journal, 10);
	assert_int_equal(journal_oldest(&journal), 691);
	assert_all_kept(&journal);
	for (unsigned i = 0; i < 700; i++)
		add(&journal, EVENT_DEVICE_CHANGED, 1, 20);
	assert_int_equal(journal.last + 1 - journal_oldest(&journal), 10);
	journal_keep(&journal, 5000);
	for (unsigned i = 0; i < 4000; i++)
		add(&journal, EVENT_DEVICE_CHANGED, 1, 20);
	assert_int_equal(journal.last + 1 - journal_oldest(&journal), 4010);
	assert_all_kept(&journal);
	journal_done(&journal);
}

/* What lies side by side is one run, what was left out or wraps ends it. */
static void test_runs(void **state)
{
	struct filter usb = {.kinds = KIND_MASK(KIND_USB)};
	struct vector seqs = {0};
	struct journal journal;

	(void)state;
	journal_init(&journal, 100, 1 << 20);
	for (unsigned i = 0; i < 20; i++) /* 1-4 pci, 5-8 usb, 9-12 pci, ... */
		add(&journal, EVENT_DEVICE_ADDED, KIND_MASK(i / 4 % 2 ? KIND_USB : KIND_PCI), 10);
	assert_int_equal(read_all(&journal, &all, 1, &seqs), 1);
	assert_int_equal(seqs.count, 20);
	seqs.count = 0;
	assert_int_equal(read_all(&journal, &usb, 1, &seqs), 2);
	assert_int_equal(seqs.count, 8);
	assert_int_equal((uintptr_t)seqs.items[0], 5);
	assert_int_equal((uintptr_t)seqs.items[7], 16);
	vector_done(&seqs);
	journal_done(&journal);
}

static void test_enough(void **state)
{
	struct journal_cursor cursor = {1, 9, &all};
	struct journal journal;
	struct iovec run;
	size_t one;

	(void)state;
	journal_init(&journal, 100, 1 << 20);
	for (unsigned i = 0; i < 9; i++)
		add(&journal, EVENT_DEVICE_ADDED, 1, 10);
	one = (size_t)journal_bytes_from(&journal, 9);
	assert_true(journal_next(&journal, &cursor, 1, &run));
	assert_int_equal(run.iov_len, one);
	assert_int_equal(cursor.next, 2);
	assert_true(journal_next(&journal, &cursor, one + 1, &run));
	assert_int_equal(run.iov_len, 2 * one);
	assert_int_equal(seq_of(run.iov_base), 2);
	cursor.last = 5;
	assert_true(journal_next(&journal, &cursor, SIZE_MAX, &run));
	assert_int_equal(run.iov_len, 2 * one);
	assert_false(journal_next(&journal, &cursor, SIZE_MAX, &run));
	assert_int_equal(cursor.next, 6);
	assert_int_equal(journal_bytes_from(&journal, 6), 4 * one);
	journal_done(&journal);
}

static void test_filter(void **state)
{
	struct text *here = text_new("here", 4);
	struct text *there = text_new("there", 5);
	struct filter filters[] = {
		{.kinds = 0},
		{.kinds = KIND_MASK(KIND_USB)},
		{.types = 1u << EVENT_GROUP_LEFT | 1u << EVENT_READY},
		{.groups = {.count = 0}},
	};
	const struct {
		struct filter_subject subject;
		const char *passes; /* y or n for each filter */
	} table[] = {
		{{EVENT_DEVICE_ADDED, KIND_MASK(KIND_PCI), NULL, NULL}, "ynnn"},
		{{EVENT_DEVICE_ADDED, KIND_MASK(KIND_USB), NULL, here}, "yyny"},
		{{EVENT_DEVICE_ADDED, KIND_MASK(KIND_USB), NULL, there}, "yynn"},
		{{EVENT_GROUP_LEFT, KIND_MASK(KIND_PCI), here, there}, "ynyy"},
		{{EVENT_GROUP_LEFT, KIND_MASK(KIND_PCI), there, NULL}, "ynyn"},
		{{EVENT_GROUP_LEFT, KIND_MASK(KIND_PCI) | KIND_MASK(KIND_USB), there, here},
			"yyyy"},
		{{EVENT_READY, 0, NULL, NULL}, "yyyy"},
		{{EVENT_RESYNC, 0, NULL, NULL}, "yyyy"},
		{{EVENT_RULES_RELOADED, 0, NULL, NULL}, "yyyy"},
	};

	(void)state;
	vector_add(&filters[3].groups, text_ref(here));
	for (size_t i = 0; i < ARRAY_LENGTH(table); i++)
		for (size_t j = 0; j < ARRAY_LENGTH(filters); j++)
			if (filter_passes(&filters[j], &table[i].subject) !=
				(table[i].passes[j] == 'y'))
				fail_msg("subject %zu, filter %zu", i, j);
	filter_done(&filters[3]);
	text_unref(here);
	text_unref(there);
}

/* Events that become longer make a ring grow that is full of shorter ones, wrapped or not. */
static void test_longer_events(void **state)
{
	(void)state;
	for (unsigned before = 10; before < 200; before += 7) {
		struct journal journal;

		journal_init(&journal, 50, 1 << 20);
		for (unsigned i = 0; i < before; i++)
			add(&journal, EVENT_DEVICE_ADDED, 1, 1000);
		for (unsigned i = 0; i < 120; i++) {
			add(&journal, EVENT_DEVICE_ADDED, 1, 3000);
			assert_all_kept(&journal);
		}
		assert_int_equal(journal.count, 50);
		assert_true(journal.capacity <= 2 * 50 * 3100);
		journal_done(&journal);
	}
}

/* What was passed counts, and a cursor at `last` goes on behind it. */
static void test_pass(void **state)
{
	struct journal journal;

	(void)state;
	journal_init(&journal, 8, 4096);
	journal_pass(&journal, 5);
	assert_int_equal(journal.last, 5);
	assert_int_equal(journal_oldest(&journal), 6);
	assert_int_equal(journal_bytes_from(&journal, 6), 0);
	add(&journal, EVENT_DEVICE_ADDED, 0, 10);
	add(&journal, EVENT_DEVICE_ADDED, 0, 10);
	assert_int_equal(journal_oldest(&journal), 6);
	assert_all_kept(&journal);
	journal_pass(&journal, 1);
	assert_int_equal(journal.last, 8);
	assert_int_equal(journal_oldest(&journal), 9);
	journal_done(&journal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reply),
		cmocka_unit_test(test_ring_of_bytes),
		cmocka_unit_test(test_ring_of_entries),
		cmocka_unit_test(test_keep_fewer_then_more),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_enough),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_longer_events),
		cmocka_unit_test(test_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
