/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queue of looks, and what comes of each: no device is read. */
#include "base/clock.h"
#include "base/memory.h"
#include "devices/looking.h"
#include "lib/unit.h"

#include <errno.h>
#include <string.h>

/* Puts off a look as one that could not be read whole is after `round` others in a row. */
static void defer(struct looking *looks, struct look *look, unsigned round, int64_t now)
{
	look->attempts = round;
	assert_int_equal(look_judge(look, LOOK_INCOMPLETE, NULL, NULL, now), LOOK_STEP_WAIT);
	looking_return(looks, look, now);
}

static void assert_next(struct looking *looks, const char *id, int64_t since)
{
	struct look *look = looking_take(looks);

	assert_true(text_is(look->id, id));
	assert_int_equal(look->since, since);
	look_free(look);
}

static void test_several_causes_are_one_look(void **state)
{
	struct text_pool pool = {0};
	struct looking looks;

	(void)state;
	looking_init(&looks, &pool);
	assert_int_equal(looking_deadline(&looks, 3), CLOCK_NEVER);
	looking_add(&looks, "usb:1-1", CLOCK_NEVER);
	looking_add(&looks, "usb:1-2", 40);
	looking_add(&looks, "usb:1-1", 50);
	looking_add(&looks, "usb:1-2", 60);
	assert_int_equal(looking_deadline(&looks, 3), 3);
	assert_next(&looks, "usb:1-1", 50);
	assert_next(&looks, "usb:1-2", 40);
	assert_null(looking_take(&looks));
	looking_add(&looks, "usb:1-1", 70);
	assert_next(&looks, "usb:1-1", 70);
	looking_add(&looks, "usb:1-3", 70);
	looking_done(&looks);
	text_pool_done(&pool);
}

static void test_looks_put_off(void **state)
{
	struct text_pool pool = {0};
	struct looking looks;

	(void)state;
	looking_init(&looks, &pool);
	looking_add(&looks, "usb:1-1", 1);
	looking_add(&looks, "usb:1-2", 1);
	defer(&looks, looking_take(&looks), 0, 3);
	defer(&looks, looking_take(&looks), 1, 3);
	assert_int_equal(looking_deadline(&looks, 3), 3 + 10 * CLOCK_MILLISECOND);
	looking_wake(&looks, 2 + 10 * CLOCK_MILLISECOND);
	assert_null(looking_take(&looks));
	looking_wake(&looks, 3 + 10 * CLOCK_MILLISECOND);
	assert_next(&looks, "usb:1-1", 1);
	assert_null(looking_take(&looks));
	/* an event asks for it meanwhile: one look, not two, and at once */
	assert_ptr_equal(looking_add(&looks, "usb:1-2", 150), looking_add(&looks, "usb:1-2", 160));
	assert_int_equal(looking_deadline(&looks, 3), 3);
	assert_next(&looks, "usb:1-2", 1);
	looking_wake(&looks, CLOCK_SECOND);
	assert_null(looking_take(&looks));
	assert_int_equal(looking_deadline(&looks, 3), CLOCK_NEVER);
	looking_done(&looks);
	text_pool_done(&pool);
}

/* Whatever asks beside a driver, before or after, makes a look whole, also one that was put off. */
static void test_a_look_is_whole_unless_a_driver_alone_asks(void **state)
{
	static const char *const orders[] = {
		"d", "dd", "dw", "wd", "dx", "xd", "dfd", "wfd", "xfd"};
	struct text_pool pool = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		struct looking looks;
		struct look *look;

		looking_init(&looks, &pool);
		for (const char *at = orders[i]; *at; at++) {
			if (*at == 'w')
				looking_add(&looks, "pci:0000:01:00.0", 1);
			else if (*at == 'x')
				looking_add_derived(&looks, "pci:0000:01:00.0", 1);
			else
				looking_add_rebound(
					&looks, "pci:0000:01:00.0", LOOK_DRIVER_BOUND, 1);
			if (*at == 'f')
				looking_return(&looks, looking_take(&looks), 0);
		}
		looking_wake(&looks, CLOCK_SECOND);
		look = looking_take(&looks);
		if (look->state != (strpbrk(orders[i], "wx") ? LOOK_ASKED : LOOK_ASKED_FOR_DRIVER))
			fail_msg("%s", orders[i]);
		look_free(look);
		assert_null(looking_take(&looks));
		looking_done(&looks);
	}
	text_pool_done(&pool);
}

/* A whole look that fails while a driver asks for the next one: that one reads everything. */
static void test_a_failed_look_makes_the_next_whole(void **state)
{
	struct text_pool pool = {0};
	struct looking looks;
	struct look *look;

	(void)state;
	looking_init(&looks, &pool);
	looking_add_rebound(&looks, "pci:0000:01:00.0", LOOK_DRIVER_BOUND, 1);
	look = looking_take(&looks);
	looking_add_rebound(&looks, "pci:0000:01:00.0", LOOK_DRIVER_BOUND, 2);
	defer(&looks, look, 0, 3);
	look = looking_take(&looks);
	assert_int_equal(look->state, LOOK_ASKED);
	look_free(look);
	looking_done(&looks);
	text_pool_done(&pool);
}

/* What waits for a driver's verdict has its place behind whatever waits for less long. */
static void test_looks_wait_for_a_driver(void **state)
{
	struct text_pool pool = {0};
	struct looking looks;
	struct look *look;

	(void)state;
	looking_init(&looks, &pool);
	looking_add(&looks, "pci:0000:01:00.0", 1)->properties_state = LOOK_PROPERTIES_BROUGHT;
	looking_add(&looks, "usb:1-1", 1);
	look = looking_take(&looks);
	look->trial = 2;
	look->state = LOOK_TRIAL;
	looking_return(&looks, look, 0);
	defer(&looks, looking_take(&looks), 0, 0);
	assert_int_equal(looking_deadline(&looks, 0), 10 * CLOCK_MILLISECOND);
	looking_wake(&looks, 100 * CLOCK_MILLISECOND);
	assert_next(&looks, "usb:1-1", 1);
	assert_int_equal(looking_deadline(&looks, 0), 160 * CLOCK_MILLISECOND);
	looking_wake(&looks, 160 * CLOCK_MILLISECOND);
	look = looking_take(&looks);
	assert_true(look->derived);
	assert_int_equal(look->state, LOOK_TRIAL);
	assert_int_equal(look->properties_state, LOOK_PROPERTIES_KEPT);
	/* who asks while it is looked at has it look whole, and the round is not forgotten */
	looking_add(&looks, "pci:0000:01:00.0", 5);
	looking_return(&looks, look, 0);
	look = looking_take(&looks);
	assert_false(look->derived);
	assert_int_equal(look->state, LOOK_ASKED);
	assert_int_equal(look->trial, 2);
	look_free(look);
	assert_null(looking_take(&looks));
	looking_done(&looks);
	text_pool_done(&pool);
}

static void test_what_is_put_off_never_overtakes(void **state)
{
	struct text_pool pool = {0};
	struct looking looks;
	struct look *first;

	(void)state;
	looking_init(&looks, &pool);
	looking_add(&looks, "usb:1-1", 1)->properties_state = LOOK_PROPERTIES_BROUGHT;
	first = looking_take(&looks);
	looking_add(&looks, "usb:1-1", 2); /* queued while the first is being looked at */
	defer(&looks, first, 0, 3);
	assert_next(&looks, "usb:1-1", 2);
	looking_wake(&looks, CLOCK_SECOND);
	assert_null(looking_take(&looks));
	looking_done(&looks);
	text_pool_done(&pool);
}

static void test_forgotten_properties(void **state)
{
	struct text_pool pool = {0};
	struct looking looks;
	struct look *look;

	(void)state;
	looking_init(&looks, &pool);
	look = looking_add(&looks, "usb:1-1", 1);
	look->properties_state = LOOK_PROPERTIES_BROUGHT;
	property_list_add(
		&look->properties, text_intern_string(&pool, "A"), text_intern_string(&pool, "1"));
	looking_forget_properties(&looks);
	look = looking_take(&looks);
	assert_int_equal(look->properties_state, LOOK_PROPERTIES_STALE);
	assert_int_equal(look->properties.count, 0);
	look_free(look);
	looking_done(&looks);
	text_pool_done(&pool);
}

static void test_a_look_for_candidates_is_one_at_their_function(void **state)
{
	struct text_pool pool = {0};
	struct looking looks;
	struct look *look;

	(void)state;
	looking_init(&looks, &pool);
	looking_add(&looks, "vgpu:0000:41:00.4/558", CLOCK_NEVER);
	looking_add(&looks, "pci:0000:41:00.4", 7);
	looking_add(&looks, "vgpu:0000:41:00.4/559", CLOCK_NEVER);
	look = looking_take(&looks);
	assert_true(text_is(look->id, "pci:0000:41:00.4"));
	assert_int_equal(look->since, 7);
	look_free(look);
	assert_null(looking_take(&looks));
	looking_done(&looks);
	text_pool_done(&pool);
}

/* A look is derived as long as nothing but other looks asked for it. */
static void test_an_event_makes_a_derived_look_its_own(void **state)
{
	struct text_pool pool = {0};
	struct looking looks;
	struct look *look;

	(void)state;
	looking_init(&looks, &pool);
	looking_add_derived(&looks, "pci:0000:41:00.4", 9);
	assert_int_equal(looking_add(&looks, "pci:0000:41:00.4", 10)->since, 9);
	looking_add_derived(&looks, "pci:0000:41:00.4", 8);
	look = looking_take(&looks);
	assert_false(look->derived);
	assert_int_equal(look->since, 8);
	/* put off, while another look asks for the same */
	defer(&looks, look, 0, 0);
	looking_add_derived(&looks, "pci:0000:41:00.4", 11);
	looking_wake(&looks, 20);
	look = looking_take(&looks);
	assert_false(look->derived);
	look_free(look);
	assert_null(looking_take(&looks));
	looking_add_derived(&looks, "pci:0000:41:00.4", 9);
	look = looking_take(&looks);
	assert_true(look->derived);
	look_free(look);
	looking_done(&looks);
	text_pool_done(&pool);
}

/* What was known of a device, and what a look found: the driver it is on. */
enum driver {
	ABSENT, /* the device is not known, or was not found */
	NONE,
	OLD,
	OTHER,
};

#define FAILED (-EMFILE)
#define NEVER  (-1) /* it is over */

/* Times are in milliseconds; each look is judged at 10,000. */
static const struct {
	const char *what;
	struct {
		enum look_state state;
		enum look_driver driver;
		unsigned trial;
		unsigned attempts;
		int64_t retried_since;
		bool by_scan;
	} look;
	enum driver known;
	int result;
	enum driver found;
	struct {
		enum look_step step;
		enum look_state state;
		int waits;
	} want;
} judged[] = {
#define WELL(known, found) known, 0, found
#define LACKS(known)	   known, LOOK_INCOMPLETE, ABSENT
	{"all is read of one without a driver", {.state = LOOK_ASKED}, WELL(NONE, NONE),
		{LOOK_STEP_SEE, LOOK_OVER, NEVER}},
	{"its driver is the one from before", {.state = LOOK_ASKED}, WELL(OLD, OLD),
		{LOOK_STEP_SEE, LOOK_OVER, NEVER}},
	{"another one may be refused yet", {.state = LOOK_ASKED}, WELL(OLD, OTHER),
		{LOOK_STEP_SEE, LOOK_TRIAL, 160}},
	{"so may one of a device that is new", {.state = LOOK_ASKED}, WELL(ABSENT, OLD),
		{LOOK_STEP_SEE, LOOK_TRIAL, 160}},
	{"a scan finds all drivers at once, and they have longer",
		{.state = LOOK_ASKED, .by_scan = true}, WELL(ABSENT, OLD),
		{LOOK_STEP_SEE, LOOK_TRIAL, 2560}},
	{"one that is gone is tried no more", {.state = LOOK_ASKED}, WELL(OLD, NONE),
		{LOOK_STEP_SEE, LOOK_OVER, NEVER}},
	{"bind tells that it was not refused",
		{.state = LOOK_ASKED_FOR_DRIVER, .driver = LOOK_DRIVER_BOUND}, WELL(NONE, OLD),
		{LOOK_STEP_SEE, LOOK_OVER, NEVER}},
	{"also to a look that is asked for everything",
		{.state = LOOK_ASKED, .driver = LOOK_DRIVER_BOUND}, WELL(ABSENT, OLD),
		{LOOK_STEP_SEE, LOOK_OVER, NEVER}},
	{"and ends a trial",
		{.state = LOOK_ASKED_FOR_DRIVER, .driver = LOOK_DRIVER_BOUND, .trial = 3},
		WELL(OLD, OLD), {LOOK_STEP_SEE, LOOK_OVER, NEVER}},
	{"unbind, and there is one all the same",
		{.state = LOOK_ASKED_FOR_DRIVER, .driver = LOOK_DRIVER_UNBOUND}, WELL(OLD, OLD),
		{LOOK_STEP_SEE, LOOK_TRIAL, 160}},
	{"unbind", {.state = LOOK_ASKED_FOR_DRIVER, .driver = LOOK_DRIVER_UNBOUND, .trial = 2},
		WELL(OLD, NONE), {LOOK_STEP_SEE, LOOK_OVER, NEVER}},

	{"a trial goes on for a round longer", {.state = LOOK_TRIAL, .trial = 2, .by_scan = true},
		WELL(OLD, OLD), {LOOK_STEP_SEE, LOOK_TRIAL, 640}},
	{"to the last round", {.state = LOOK_TRIAL, .trial = 5, .by_scan = true}, WELL(OLD, OLD),
		{LOOK_STEP_SEE, LOOK_TRIAL, 40960}},
	{"and ends", {.state = LOOK_TRIAL, .trial = 6, .by_scan = true}, WELL(OLD, OLD),
		{LOOK_STEP_SEE, LOOK_OVER, NEVER}},
	{"its driver was refused", {.state = LOOK_TRIAL, .trial = 3, .by_scan = true},
		WELL(OLD, NONE), {LOOK_STEP_SEE, LOOK_OVER, NEVER}},
	{"another one took its place", {.state = LOOK_TRIAL, .trial = 3, .by_scan = true},
		WELL(OLD, OTHER), {LOOK_STEP_SEE, LOOK_TRIAL, 2560}},
	{"what asks does not shorten a trial", {.state = LOOK_ASKED, .trial = 4}, WELL(OLD, OLD),
		{LOOK_STEP_SEE, LOOK_TRIAL, 2560}},
	{"nor end it in its last round", {.state = LOOK_ASKED, .trial = 6}, WELL(OLD, OLD),
		{LOOK_STEP_SEE, LOOK_TRIAL, 40960}},
	{"one that could not be read whole goes on",
		{.state = LOOK_RETRY, .trial = 4, .attempts = 1}, WELL(OLD, OLD),
		{LOOK_STEP_SEE, LOOK_TRIAL, 10240}},
	{"or again, if a driver is told of",
		{.state = LOOK_RETRY, .driver = LOOK_DRIVER_UNBOUND, .trial = 4, .attempts = 1},
		WELL(OLD, OLD), {LOOK_STEP_SEE, LOOK_TRIAL, 160}},

	{"gone", {.state = LOOK_ASKED}, OLD, LOOK_GONE, ABSENT, {LOOK_STEP_LOSE, LOOK_OVER, NEVER}},
	{"gone while it was asked for its driver",
		{.state = LOOK_ASKED_FOR_DRIVER, .driver = LOOK_DRIVER_UNBOUND}, OLD, LOOK_GONE,
		ABSENT, {LOOK_STEP_LOSE, LOOK_OVER, NEVER}},
	{"gone while on trial", {.state = LOOK_TRIAL, .trial = 2}, OLD, LOOK_GONE, ABSENT,
		{LOOK_STEP_LOSE, LOOK_OVER, NEVER}},
	{"gone at last", {.state = LOOK_RETRY, .attempts = 4}, OLD, LOOK_GONE, ABSENT,
		{LOOK_STEP_LOSE, LOOK_OVER, NEVER}},

	{"incomplete", {.state = LOOK_ASKED}, LACKS(ABSENT), {LOOK_STEP_WAIT, LOOK_RETRY, 10}},
	{"incomplete after a driver", {.state = LOOK_ASKED_FOR_DRIVER, .driver = LOOK_DRIVER_BOUND},
		LACKS(OLD), {LOOK_STEP_WAIT, LOOK_RETRY, 10}},
	{"incomplete on trial", {.state = LOOK_TRIAL, .trial = 3}, LACKS(OLD),
		{LOOK_STEP_WAIT, LOOK_RETRY, 10}},
	{"incomplete again", {.state = LOOK_RETRY, .attempts = 1}, LACKS(OLD),
		{LOOK_STEP_WAIT, LOOK_RETRY, 40}},
	{"for the fourth time", {.state = LOOK_RETRY, .attempts = 3}, LACKS(OLD),
		{LOOK_STEP_WAIT, LOOK_RETRY, 640}},
	{"for good", {.state = LOOK_RETRY, .attempts = 4}, LACKS(OLD),
		{LOOK_STEP_DOUBT, LOOK_OVER, NEVER}},
	{"for good, and its driver is on trial still",
		{.state = LOOK_RETRY, .trial = 3, .attempts = 4}, LACKS(OLD),
		{LOOK_STEP_DOUBT, LOOK_TRIAL, 640}},
	{"incomplete for long, but asked for again", {.state = LOOK_RETRY, .attempts = 0},
		LACKS(OLD), {LOOK_STEP_WAIT, LOOK_RETRY, 10}},
	{"no descriptor for it", {.state = LOOK_ASKED}, OLD, FAILED, ABSENT,
		{LOOK_STEP_WAIT, LOOK_RETRY, 10}},
	{"nor later", {.state = LOOK_RETRY, .attempts = 4}, OLD, FAILED, ABSENT,
		{LOOK_STEP_RESYNC, LOOK_OVER, NEVER}},

	{"unsettled", {.state = LOOK_ASKED}, OLD, LOOK_UNSETTLED, OTHER,
		{LOOK_STEP_WAIT, LOOK_RETRY, 10}},
	{"unsettled for the fourth time",
		{.state = LOOK_RETRY, .attempts = 3, .retried_since = 9000}, OLD, LOOK_UNSETTLED,
		OLD, {LOOK_STEP_WAIT, LOOK_RETRY, 640}},
	{"for good: so it is", {.state = LOOK_RETRY, .attempts = 4, .retried_since = 9000}, OLD,
		LOOK_UNSETTLED, OLD, {LOOK_STEP_SEE, LOOK_OVER, NEVER}},
	{"for nearly two seconds of events", {.state = LOOK_RETRY, .retried_since = 8001}, OLD,
		LOOK_UNSETTLED, OLD, {LOOK_STEP_WAIT, LOOK_RETRY, 10}},
	{"for two: so it is", {.state = LOOK_RETRY, .retried_since = 8000}, OLD, LOOK_UNSETTLED,
		OLD, {LOOK_STEP_SEE, LOOK_OVER, NEVER}},
	{"so it is, on another driver", {.state = LOOK_RETRY, .retried_since = 8000}, OLD,
		LOOK_UNSETTLED, OTHER, {LOOK_STEP_SEE, LOOK_TRIAL, 160}},
};

static struct facts *facts_on(struct text_pool *pool, enum driver driver)
{
	static const char *const names[] = {[OLD] = "nvidia", [OTHER] = "vfio-pci"};
	struct facts *facts;

	if (driver == ABSENT)
		return NULL;
	facts = facts_new(text_intern_string(pool, "pci:0000:01:00.0"), KIND_MASK(KIND_PCI));
	if (driver != NONE)
		facts->bound = text_intern_string(pool, names[driver]);
	return facts;
}

static void judge(struct text_pool *pool, size_t row)
{
	const int64_t now = 10000 * CLOCK_MILLISECOND;
	const int waits = judged[row].want.waits;
	struct facts *known = facts_on(pool, judged[row].known);
	struct facts *found = facts_on(pool, judged[row].found);
	struct looking looks;
	struct look *look;
	enum look_step step;
	enum look_state next;

	looking_init(&looks, pool);
	looking_add(&looks, "pci:0000:01:00.0", judged[row].look.by_scan ? CLOCK_NEVER : 1);
	look = looking_take(&looks);
	look->state = judged[row].look.state;
	look->driver = judged[row].look.driver;
	look->trial = judged[row].look.trial;
	look->attempts = judged[row].look.attempts;
	look->retried_since = judged[row].look.retried_since * CLOCK_MILLISECOND;
	step = look_judge(look, judged[row].result, known, found, now);
	next = look->state;
	looking_return(&looks, look, now);
	if (step != judged[row].want.step || next != judged[row].want.state)
		fail_msg("%s: step %d, state %d", judged[row].what, step, next);
	if (looking_deadline(&looks, now) !=
		(waits == NEVER ? CLOCK_NEVER : now + waits * CLOCK_MILLISECOND))
		fail_msg("%s: not after %d ms", judged[row].what, waits);
	assert_int_equal(looking_is_complete(&looks), next != LOOK_RETRY);
	looking_done(&looks);
	facts_unref(known);
	facts_unref(found);
}

static void test_what_comes_of_a_look(void **state)
{
	struct text_pool pool = {0};

	(void)state;
	for (size_t row = 0; row < ARRAY_LENGTH(judged); row++)
		judge(&pool, row);
	assert_int_equal(pool.texts.count, 0);
	text_pool_done(&pool);
}

/* What hangs on a device is asked for by its look, but by a trial only if the driver went. */
static void test_a_trial_asks_for_others_if_its_driver_was_refused(void **state)
{
	static const struct {
		enum driver found;
		bool derived;
	} cases[] = {{OLD, true}, {NONE, false}, {OTHER, false}};
	struct text_pool pool = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct facts *known = facts_on(&pool, OLD);
		struct facts *found = facts_on(&pool, cases[i].found);
		struct look look = {.state = LOOK_TRIAL, .derived = true, .trial = 2};

		assert_int_equal(look_judge(&look, 0, known, found, 1), LOOK_STEP_SEE);
		assert_int_equal(look.derived, cases[i].derived);
		facts_unref(known);
		facts_unref(found);
	}
	text_pool_done(&pool);
}

/* A look reads everything of a PCI function unless a driver alone asks; USB strings never change.
 */
static void test_what_a_look_keeps(void **state)
{
	static const struct {
		enum look_state state;
		enum kind kind;
		bool doubted;
		bool keeps;
	} cases[] = {
		{LOOK_ASKED, KIND_PCI, false, false},
		{LOOK_RETRY, KIND_PCI, false, false},
		{LOOK_ASKED_FOR_DRIVER, KIND_PCI, false, true},
		{LOOK_TRIAL, KIND_PCI, false, true},
		{LOOK_TRIAL, KIND_PCI, true, false},
		{LOOK_ASKED, KIND_USB, false, true},
		{LOOK_RETRY, KIND_USB, false, true},
		{LOOK_ASKED, KIND_USB, true, false},
	};
	struct text_pool pool = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct look look = {.state = cases[i].state};
		struct facts *facts =
			facts_new(text_intern_string(&pool, "x"), KIND_MASK(cases[i].kind));
		struct device device = {.now.facts = facts, .doubted = cases[i].doubted};

		assert_null(look_keeps(&look, NULL));
		assert_ptr_equal(look_keeps(&look, &device), cases[i].keeps ? facts : NULL);
		facts_unref(facts);
	}
	text_pool_done(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_several_causes_are_one_look),
		cmocka_unit_test(test_looks_put_off),
		cmocka_unit_test(test_a_look_is_whole_unless_a_driver_alone_asks),
		cmocka_unit_test(test_a_failed_look_makes_the_next_whole),
		cmocka_unit_test(test_looks_wait_for_a_driver),
		cmocka_unit_test(test_what_is_put_off_never_overtakes),
		cmocka_unit_test(test_forgotten_properties),
		cmocka_unit_test(test_a_look_for_candidates_is_one_at_their_function),
		cmocka_unit_test(test_an_event_makes_a_derived_look_its_own),
		cmocka_unit_test(test_what_comes_of_a_look),
		cmocka_unit_test(test_a_trial_asks_for_others_if_its_driver_was_refused),
		cmocka_unit_test(test_what_a_look_keeps),
	};

	return cmocka_run_group_tests_name("devices_looking", tests, NULL, NULL);
}
