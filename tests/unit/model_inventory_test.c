/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of ids, the inventory that keeps it, looks, and the names of states and events. */
#include "lib/unit.h"

#include "base/clock.h"
#include "base/memory.h"
#include "model/delta.h"
#include "model/inventory.h"
#include "model/look.h"

#include <string.h>

static void test_order(void **state)
{
	static const char *const sorted[] = {
		"pci:0000:00:1f.0",
		"pci:0000:00:1f.6",
		"pci:0000:09:00.0",
		"pci:0000:0a:00.0",
		"pci:0000:10:00.0",
		"pci:0000:9a:00.0",
		"pci:10000:01:00.0",
		"usb:1-1",
		"usb:1-2",
		"usb:1-2.1",
		"usb:1-2.10",
		"usb:1-10",
		"usb:2-1",
		"usb:usb1",
		"usb:usb2",
		"usb:usb10",
		"vgpu:0000:09:00.0/", /* what the ids of its candidates begin with */
		"vgpu:0000:09:00.0/47",
		"vgpu:0000:09:00.0/230.1",
		"vgpu:0000:09:00.0/230.2",
		"vgpu:0000:09:00.0/230.10",
		"vgpu:0000:09:00.0/1156",
		"vgpu:0000:0a:00.0/5",
		"vgpu:0000:10:00.4/5",
		"vgpu:10000:01:00.0/5",
	};
	size_t count = sizeof(sorted) / sizeof(sorted[0]);

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < count; k++) {
			struct device_order left = device_order_of(sorted[i]);
			struct device_order right = device_order_of(sorted[k]);
			int order = device_order_compare(&left, &right);

			assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
		}
}

static void test_inventory(void **state)
{
	static const char *const ids[] = {
		"usb:1-10", "pci:0000:0a:00.0", "usb:1-2", "pci:0000:09:00.0", "usb:usb1"};
	static const char *const sorted[] = {
		"pci:0000:09:00.0", "pci:0000:0a:00.0", "usb:1-2", "usb:1-10", "usb:usb1"};
	struct text_pool pool = {0};
	struct inventory inventory = {0};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct text *id = text_intern_string(&pool, ids[i]);
		struct device *device = inventory_put(&inventory, id);

		assert_ptr_equal(inventory_put(&inventory, id), device);
		assert_ptr_equal(inventory_find(&inventory, ids[i]), device);
		text_unref(id);
	}
	assert_int_equal(inventory.devices.count, 5);
	for (size_t i = 0; i < 5; i++) {
		const struct device *device = inventory.devices.items[i];

		assert_true(text_is(device->id, sorted[i]));
	}
	assert_null(inventory_find(&inventory, "usb:1-3"));
	assert_null(inventory_find(&inventory, ""));
	inventory_drop(&inventory, inventory_find(&inventory, "usb:1-2"));
	assert_null(inventory_find(&inventory, "usb:1-2"));
	assert_int_equal(inventory.devices.count, 4);
	inventory_done(&inventory);
	text_pool_done(&pool);
}

static void assert_next(struct looks *looks, const char *id, int64_t since)
{
	struct look *look = looks_take(looks);

	assert_true(text_is(look->id, id));
	assert_int_equal(look->since, since);
	look_free(look);
}

static void test_several_causes_are_one_look(void **state)
{
	struct text_pool pool = {0};
	struct looks looks;

	(void)state;
	looks_init(&looks, &pool);
	assert_int_equal(looks_deadline(&looks, 3), CLOCK_NEVER);
	looks_add(&looks, "usb:1-1", CLOCK_NEVER);
	looks_add(&looks, "usb:1-2", 40);
	looks_add(&looks, "usb:1-1", 50);
	looks_add(&looks, "usb:1-2", 60);
	assert_int_equal(looks_deadline(&looks, 3), 3);
	assert_next(&looks, "usb:1-1", 50);
	assert_next(&looks, "usb:1-2", 40);
	assert_null(looks_take(&looks));
	looks_add(&looks, "usb:1-1", 70);
	assert_next(&looks, "usb:1-1", 70);
	looks_add(&looks, "usb:1-3", 70);
	looks_done(&looks);
	text_pool_done(&pool);
}

static void test_looks_put_off(void **state)
{
	struct text_pool pool = {0};
	struct looks looks;

	(void)state;
	looks_init(&looks, &pool);
	looks_add(&looks, "usb:1-1", 1);
	looks_add(&looks, "usb:1-2", 1);
	looks_defer(&looks, looks_take(&looks), 0, 3);
	looks_defer(&looks, looks_take(&looks), 1, 3);
	assert_int_equal(looks_deadline(&looks, 3), 3 + 10 * CLOCK_MILLISECOND);
	looks_wake(&looks, 2 + 10 * CLOCK_MILLISECOND);
	assert_null(looks_take(&looks));
	looks_wake(&looks, 3 + 10 * CLOCK_MILLISECOND);
	assert_next(&looks, "usb:1-1", 1);
	assert_null(looks_take(&looks));
	/* an event asks for it meanwhile: one look, not two, and at once */
	assert_ptr_equal(looks_add(&looks, "usb:1-2", 150), looks_add(&looks, "usb:1-2", 160));
	assert_int_equal(looks_deadline(&looks, 3), 3);
	assert_next(&looks, "usb:1-2", 1);
	looks_wake(&looks, CLOCK_SECOND);
	assert_null(looks_take(&looks));
	assert_int_equal(looks_deadline(&looks, 3), CLOCK_NEVER);
	looks_done(&looks);
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
		struct looks looks;
		struct look *look;

		looks_init(&looks, &pool);
		for (const char *at = orders[i]; *at; at++) {
			if (*at == 'w')
				looks_add(&looks, "pci:0000:01:00.0", 1);
			else if (*at == 'x')
				looks_add_derived(&looks, "pci:0000:01:00.0", 1);
			else
				looks_add_rebound(&looks, "pci:0000:01:00.0", LOOK_DRIVER_BOUND, 1);
			if (*at == 'f')
				looks_defer(&looks, looks_take(&looks), 0, 0);
		}
		looks_wake(&looks, CLOCK_SECOND);
		look = looks_take(&looks);
		if (look->whole != (strpbrk(orders[i], "wx") != NULL))
			fail_msg("%s", orders[i]);
		look_free(look);
		assert_null(looks_take(&looks));
		looks_done(&looks);
	}
	text_pool_done(&pool);
}

/* A whole look that fails while a driver asks for the next one: that one reads everything. */
static void test_a_failed_look_makes_the_next_whole(void **state)
{
	struct text_pool pool = {0};
	struct looks looks;
	struct look *look;

	(void)state;
	looks_init(&looks, &pool);
	looks_add_rebound(&looks, "pci:0000:01:00.0", LOOK_DRIVER_BOUND, 1);
	look = looks_take(&looks);
	look->whole = true;
	looks_add_rebound(&looks, "pci:0000:01:00.0", LOOK_DRIVER_BOUND, 2);
	looks_defer(&looks, look, 0, 3);
	look = looks_take(&looks);
	assert_true(look->whole);
	look_free(look);
	looks_done(&looks);
	text_pool_done(&pool);
}

/* What waits for a driver's verdict has its place behind whatever waits for less long. */
static void test_looks_wait_for_a_driver(void **state)
{
	struct text_pool pool = {0};
	struct looks looks;
	struct look *look;

	(void)state;
	looks_init(&looks, &pool);
	looks_add(&looks, "pci:0000:01:00.0", 1)->properties_known = true;
	looks_add(&looks, "usb:1-1", 1);
	look = looks_take(&looks);
	look->trial = 2;
	looks_defer_for_driver(&looks, look, 0);
	looks_defer(&looks, looks_take(&looks), 0, 0);
	assert_int_equal(looks_deadline(&looks, 0), 10 * CLOCK_MILLISECOND);
	looks_wake(&looks, 100 * CLOCK_MILLISECOND);
	assert_next(&looks, "usb:1-1", 1);
	assert_int_equal(looks_deadline(&looks, 0), 160 * CLOCK_MILLISECOND);
	looks_wake(&looks, 160 * CLOCK_MILLISECOND);
	look = looks_take(&looks);
	assert_true(look->derived && !look->whole && !look->properties_known);
	/* who asks while it is looked at has it look whole, and the round is not forgotten */
	looks_add(&looks, "pci:0000:01:00.0", 5);
	looks_defer_for_driver(&looks, look, 0);
	look = looks_take(&looks);
	assert_true(!look->derived && look->whole);
	assert_int_equal(look->trial, 2);
	look_free(look);
	assert_null(looks_take(&looks));
	looks_done(&looks);
	text_pool_done(&pool);
}

static void test_what_is_put_off_never_overtakes(void **state)
{
	struct text_pool pool = {0};
	struct looks looks;
	struct look *first;

	(void)state;
	looks_init(&looks, &pool);
	looks_add(&looks, "usb:1-1", 1)->properties_known = true;
	first = looks_take(&looks);
	looks_add(&looks, "usb:1-1", 2); /* queued while the first is being looked at */
	looks_defer(&looks, first, 0, 3);
	assert_next(&looks, "usb:1-1", 2);
	looks_wake(&looks, CLOCK_SECOND);
	assert_null(looks_take(&looks));
	looks_done(&looks);
	text_pool_done(&pool);
}

static void test_forgotten_properties(void **state)
{
	struct text_pool pool = {0};
	struct looks looks;
	struct look *look;

	(void)state;
	looks_init(&looks, &pool);
	look = looks_add(&looks, "usb:1-1", 1);
	look->properties_known = true;
	property_list_add(
		&look->properties, text_intern_string(&pool, "A"), text_intern_string(&pool, "1"));
	looks_forget_properties(&looks);
	look = looks_take(&looks);
	assert_false(look->properties_known);
	assert_true(look->properties_stale);
	assert_int_equal(look->properties.count, 0);
	look_free(look);
	looks_done(&looks);
	text_pool_done(&pool);
}

static void test_names(void **state)
{
	(void)state;
	for (enum device_state at = 0; at < STATE_COUNT; at++)
		assert_int_equal(device_state_find(device_state_name(at)), at);
	assert_int_equal(device_state_find("broken"), STATE_COUNT);
	for (enum change_type at = 0; at < EVENT_TYPE_COUNT; at++)
		assert_int_equal(change_type_find(change_type_name(at)), at);
	assert_int_equal(change_type_find("device"), EVENT_TYPE_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_inventory),
		cmocka_unit_test(test_several_causes_are_one_look),
		cmocka_unit_test(test_looks_put_off),
		cmocka_unit_test(test_a_look_is_whole_unless_a_driver_alone_asks),
		cmocka_unit_test(test_a_failed_look_makes_the_next_whole),
		cmocka_unit_test(test_looks_wait_for_a_driver),
		cmocka_unit_test(test_what_is_put_off_never_overtakes),
		cmocka_unit_test(test_forgotten_properties),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("model_inventory", tests, NULL, NULL);
}
