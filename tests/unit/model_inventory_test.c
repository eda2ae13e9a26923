/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of ids, the inventory that keeps it, and the names of states and events. */
#include "lib/unit.h"

#include "base/memory.h"
#include "model/delta.h"
#include "model/inventory.h"

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
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("model_inventory", tests, NULL, NULL);
}
