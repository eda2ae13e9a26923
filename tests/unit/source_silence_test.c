/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel and udev say, line by line, and what must come of it. Times are in seconds. */
#include "base/clock.h"
#include "base/memory.h"
#include "devices/looking.h"
#include "io/udev/silence.h"
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

enum step_type {
	END,
	KERNEL, /* `id` with `number` at `at`; `waits`: what silence_expect must say */
	UDEV,	/* `id` with `number` at `at` */
	CHECK,	/* at `at`: `id`s that must be looked at, and the next deadline (0: none) */
};

struct step {
	enum step_type type;
	int at;
	const char *id;
	unsigned number;
	bool waits;
	int deadline;
	bool silent;
	bool busy; /* CHECK: udevd has events in its queue */
};

#define K(at, id, number)                                                                          \
	{                                                                                          \
		KERNEL, at, id, number, true, 0, false, false                                      \
	}
#define K_NOW(at, id, number)                                                                      \
	{                                                                                          \
		KERNEL, at, id, number, false, 0, true, false                                      \
	}
#define U(at, id, number)                                                                          \
	{                                                                                          \
		UDEV, at, id, number, false, 0, false, false                                       \
	}
#define IS_UDEV(at, looks, deadline)                                                               \
	{                                                                                          \
		CHECK, at, looks, 0, false, deadline, false, false                                 \
	}
#define IS_BUSY(at, looks, deadline)                                                               \
	{                                                                                          \
		CHECK, at, looks, 0, false, deadline, false, true                                  \
	}
#define IS_SILENT(at, looks, deadline)                                                             \
	{                                                                                          \
		CHECK, at, looks, 0, false, deadline, true, false                                  \
	}

static const struct {
	const char *what;
	struct step steps[12];
} cases[] = {
	{"nothing is owed", {IS_UDEV(100, "", 0)}},
	{"repeated", {K(1, "pci:a", 10), IS_UDEV(1, "", 6), U(2, "pci:a", 10), IS_UDEV(9, "", 0)}},
	{"not yet", {K(1, "pci:a", 10), IS_UDEV(5, "", 6)}},
	{"row 14: not repeated for five seconds", {K(1, "pci:a", 10), IS_SILENT(6, "", 0)}},
	{"while silent nothing waits and nothing is owed",
		{K(1, "pci:a", 10), IS_SILENT(6, "", 0), K_NOW(7, "pci:b", 11),
			IS_SILENT(60, "", 0)}},
	{"the first word ends the silence, whatever it is about",
		{K(1, "pci:a", 10), IS_SILENT(6, "", 0), U(8, "usb:1-1", 3), IS_UDEV(8, "", 0),
			K(9, "pci:a", 12), IS_UDEV(9, "", 14)}},
	{"and it may begin again", {K(1, "pci:a", 10), IS_SILENT(6, "", 0), U(8, "pci:a", 10),
					   K(9, "pci:a", 12), IS_SILENT(14, "", 0)}},
	{"row 4: repeated in another order",
		{K(1, "pci:a", 10), K(1, "pci:b", 11), K(1, "pci:c", 12), U(2, "pci:c", 12),
			U(2, "pci:a", 10), IS_UDEV(3, "", 6), U(3, "pci:b", 11),
			IS_UDEV(60, "", 0)}},
	{"a change dropped for the removal behind it is settled by that",
		{K(1, "pci:a", 10), K(2, "pci:a", 11), U(3, "pci:a", 11), IS_UDEV(60, "", 0)}},
	{"an older number settles nothing newer",
		{K(1, "pci:a", 10), K(2, "pci:a", 15), U(3, "pci:a", 10), IS_UDEV(3, "", 8),
			IS_SILENT(8, "", 0)}},
	{"row 4: a lower number after a higher one, of the kernel",
		{K(1, "pci:a", 11), K(1, "pci:a", 10), U(2, "pci:a", 11), IS_UDEV(60, "", 0)}},
	{"row 4: gaps are no loss", {K(1, "pci:a", 10), U(1, "pci:a", 10), K(2, "pci:a", 5000),
					    U(2, "pci:a", 5000), IS_UDEV(60, "", 0)}},
	{"udev's message read before the kernel's",
		{U(1, "pci:a", 10), K(1, "pci:a", 10), IS_UDEV(60, "", 0)}},
	{"which settles that number only",
		{U(1, "pci:a", 10), K(1, "pci:a", 10), K(2, "pci:a", 11), IS_SILENT(7, "", 0)}},
	{"a message of udev's own making", {U(1, "pci:a", 0), IS_UDEV(1, "", 0)}},
	{"without a number it is owed until the next word",
		{K(1, "pci:a", 0), U(2, "pci:a", 0), IS_UDEV(60, "", 0)}},
	{"busy: what is owed is looked at, and udev is not silent",
		{K(1, "pci:a", 10), K(2, "pci:b", 11), U(4, "usb:1-1", 5), IS_UDEV(6, "pci:a", 7),
			IS_UDEV(7, "pci:b", 0)}},
	{"and what came after its last word still makes it silent",
		{K(1, "pci:a", 10), U(4, "usb:1-1", 5), K(5, "pci:b", 11), IS_UDEV(6, "pci:a", 10),
			IS_SILENT(10, "", 0)}},
	{"starved: with events in its queue it is slow, not silent",
		{K(1, "pci:a", 10), K(3, "pci:b", 11), IS_BUSY(6, "pci:a", 8),
			IS_BUSY(8, "pci:b", 0), U(9, "pci:a", 10), IS_UDEV(60, "", 0),
			K(61, "pci:a", 12), IS_BUSY(66, "pci:a", 0), U(67, "pci:a", 12),
			K(130, "pci:a", 13), IS_BUSY(135, "pci:a", 0)}},
	{"stopped with events in its queue it is silent after a minute",
		{K(1, "pci:a", 10), IS_BUSY(6, "pci:a", 0), K(50, "pci:b", 11),
			IS_BUSY(55, "pci:b", 0), K(56, "pci:b", 12), IS_BUSY(60, "", 61),
			{CHECK, 61, "", 0, false, 0, true, true}}},
	{"starved, and then without a queue", {K(1, "pci:a", 10), IS_BUSY(6, "pci:a", 0),
						      K(7, "pci:b", 11), IS_SILENT(12, "", 0)}},
	{"all that is due is looked at in one check",
		{K(1, "pci:a", 10), K(1, "pci:b", 11), U(4, "usb:1-1", 5),
			IS_UDEV(60, "pci:a pci:b", 0)}},
};

/* The queued looks, with blanks between. */
static void take_looks(struct looking *looks, char line[static 64])
{
	struct look *look;

	line[0] = '\0';
	while ((look = looking_take(looks))) {
		if (line[0] != '\0')
			strcat(line, " ");
		strcat(line, look->id->bytes);
		look_free(look);
	}
}

static void check(
	struct silence *silence, struct looking *looks, const struct step *step, const char *what)
{
	int64_t deadline = step->deadline ? step->deadline * CLOCK_SECOND : CLOCK_NEVER;
	char line[64];

	silence_check(silence, looks, step->busy, step->at * CLOCK_SECOND);
	take_looks(looks, line);
	if (strcmp(line, step->id) != 0)
		fail_msg("%s: at %d looks at '%s', not '%s'", what, step->at, line, step->id);
	if (silence_deadline(silence) != deadline)
		fail_msg("%s: deadline at %d", what, step->at);
	if (silence->silent != step->silent)
		fail_msg("%s: at %d", what, step->at);
}

static void take_step(
	struct silence *silence, struct looking *looks, const struct step *step, const char *what)
{
	int64_t now = step->at * CLOCK_SECOND;

	switch (step->type) {
	case KERNEL:
		if (silence_expect(silence, step->id, step->number, now) != step->waits)
			fail_msg("%s: expect at %d", what, step->at);
		break;
	case UDEV:
		silence_hear(silence, now);
		silence_settle(silence, step->id, step->number, now);
		break;
	case CHECK:
		check(silence, looks, step, what);
		break;
	case END:
		break;
	}
}

static void silence_follows_from_what_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct text_pool pool = {0};
		struct silence silence;
		struct looking looks;

		silence_init(&silence);
		looking_init(&looks, &pool);
		for (const struct step *step = cases[i].steps; step->type != END; step++)
			take_step(&silence, &looks, step, cases[i].what);
		looking_done(&looks);
		silence_done(&silence);
		text_pool_done(&pool);
	}
}

#define STORM 100000u

static unsigned expect_storm(struct silence *silence, unsigned devices)
{
	unsigned waiting = 0;

	for (unsigned i = 0; i < STORM; i++) {
		char id[32];

		snprintf(id, sizeof(id), "usb:1-%u", i % devices);
		waiting += silence_expect(silence, id, i + 1, CLOCK_SECOND);
	}
	return waiting;
}

static void a_storm_takes_bounded_memory(void **state)
{
	struct silence silence;
	unsigned waiting;

	(void)state;
	silence_init(&silence);
	waiting = expect_storm(&silence, STORM);
	assert_within(waiting, 10000, 20000); /* the others are looked at at once */
	assert_int_equal(silence.by_id.count, waiting);
	silence_check(&silence, NULL, false, 7 * CLOCK_SECOND);
	assert_true(silence.silent);
	assert_int_equal(silence.by_id.count, 0);
	silence_done(&silence);
}

static void a_storm_of_few_devices_is_few_debts(void **state)
{
	struct silence silence;

	(void)state;
	silence_init(&silence);
	assert_int_equal(expect_storm(&silence, 10), STORM);
	assert_int_equal(silence.by_id.count, 10);
	for (unsigned i = STORM - 10; i < STORM; i++) {
		char id[32];

		snprintf(id, sizeof(id), "usb:1-%u", i % 10);
		silence_settle(&silence, id, i + 1, 2 * CLOCK_SECOND);
	}
	assert_true(silence_deadline(&silence) == CLOCK_NEVER);
	silence_done(&silence);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence_follows_from_what_is_said),
		cmocka_unit_test(a_storm_takes_bounded_memory),
		cmocka_unit_test(a_storm_of_few_devices_is_few_debts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
