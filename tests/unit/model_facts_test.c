/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The field table, and what was seen of a device. */
#include "model/facts.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_fields(void **state)
{
	(void)state;
	for (enum field field = 0; field < FIELD_COUNT; field++) {
		const struct field_description *description = field_describe(field);

		assert_non_null(description->name);
		assert_true(description->kinds != 0);
		assert_true(description->source[0] && description->meaning[0]);
		assert_int_equal(description->type == VALUE_HEX, description->digits > 0);
		for (enum kind kind = 0; kind < KIND_COUNT; kind++)
			assert_int_equal(field_find(kind, description->name) == field,
				(description->kinds & KIND_MASK(kind)) != 0);
	}
	/* one name, two fields */
	assert_int_equal(field_find(KIND_PCI, "device"), FIELD_DEVICE);
	assert_int_equal(field_find(KIND_USB, "device"), FIELD_DEVICE_NUMBER);
	assert_int_equal(field_find(KIND_USB, "slot"), FIELD_COUNT);
	assert_int_equal(field_find(KIND_PCI, ""), FIELD_COUNT);
	/* one field, three kinds; and what one kind alone has */
	assert_int_equal(field_find(KIND_SRIOV_NIC, "vendor_device"), FIELD_VENDOR_DEVICE);
	assert_int_equal(field_find(KIND_VGPU, "vendor_device"), FIELD_VENDOR_DEVICE);
	assert_int_equal(field_find(KIND_VGPU, "driver"), FIELD_COUNT);
	assert_int_equal(field_find(KIND_SRIOV_NIC, "class_hex"), FIELD_COUNT);
	assert_int_equal(field_find(KIND_PCI, "physical_slot"), FIELD_COUNT);
	assert_int_equal(field_find(KIND_SRIOV_NIC, "virtual_function"), FIELD_COUNT);
}

static void test_kinds(void **state)
{
	(void)state;
	for (enum kind kind = 0; kind < KIND_COUNT; kind++)
		assert_int_equal(kind_find(kind_name(kind)), kind);
	assert_int_equal(kind_find("PCI"), KIND_COUNT);
	assert_int_equal(kind_find(""), KIND_COUNT);
}

/* There is room for every field that a device of the kinds can have, and others are absent. */
static void test_room(void **state)
{
	static const unsigned cases[] = {KIND_MASK(KIND_PCI), KIND_MASK(KIND_USB),
		KIND_MASK(KIND_SRIOV_NIC), KIND_MASK(KIND_VGPU),
		KIND_MASK(KIND_PCI) | KIND_MASK(KIND_SRIOV_NIC),
		KIND_MASK(KIND_PCI) | KIND_MASK(KIND_USB)};
	struct text_pool pool = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct facts *facts = facts_new(text_intern_string(&pool, "id"), cases[i]);

		for (enum field field = 0; field < FIELD_COUNT; field++) {
			assert_null(facts_value(facts, field));
			if (!(field_describe(field)->kinds & cases[i]))
				continue;
			facts_put(facts, field, text_intern_string(&pool, "x"));
			assert_string_equal(facts_value(facts, field)->bytes, "x");
			facts_put(facts, field, NULL);
		}
		facts_unref(facts);
	}
	assert_int_equal(field_range(0).count, FIELD_COUNT);
	assert_int_equal(field_range(KIND_MASK(KIND_USB)).first, FIELD_BUS);
	/* a look begins with a function, and may find that it is a NIC's */
	assert_int_equal(field_range(KIND_MASK(KIND_PCI)).count,
		field_range(KIND_MASK(KIND_PCI) | KIND_MASK(KIND_SRIOV_NIC)).count);
	text_pool_done(&pool);
}

static void test_set(void **state)
{
	static const struct {
		enum field field;
		const char *spelling;
		const char *want; /* NULL: absent */
	} cases[] = {
		{FIELD_CLASS_HEX, "0x030000\n", "030000"},
		{FIELD_CLASS_HEX, "nonsense", NULL},
		{FIELD_SLOT, "0000:03:00.0", "0000:03:00.0"},
		{FIELD_USB_VERSION, " 2.00", "2.0"},
		{FIELD_SPEED, "1.5", "1.5"},
		{FIELD_BUS, "001", "1"},
		{FIELD_BUS, "", NULL},
		{FIELD_TYPE_ID, "558", "558"},
		{FIELD_TYPE_ID, "nvidia-558", "558"},
		{FIELD_TYPE_ID, " \tnvidia-0558 ", "558"},
		{FIELD_TYPE_ID, "nvidia-", NULL},
		{FIELD_TYPE_ID, "nvidia-nvidia-5", NULL},
		{FIELD_TYPE_ID, "i915-GVTg_V5_4", NULL},
		{FIELD_VIRTUAL_FUNCTION, "nvidia-5", NULL},
		{FIELD_NAME, "nvidia-5", "nvidia-5"},
		{FIELD_DRIVER, "", ""},
		{FIELD_SERIAL, "A\tB\xff",
			"A\xef\xbf\xbd"
			"B\xef\xbf\xbd"},
		{FIELD_INTERFACE_DRIVERS, "usbhid,uas", "usbhid,uas"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct text_pool pool = {0};
		struct facts *facts = facts_new(text_intern_string(&pool, "id"), 0);
		const struct text *value;

		facts_set(facts, &pool, cases[i].field, "03"); /* what was there goes */
		facts_set(facts, &pool, cases[i].field, cases[i].spelling);
		value = facts_value(facts, cases[i].field);
		if ((value == NULL) != (cases[i].want == NULL) ||
			(value && !text_is(value, cases[i].want)))
			fail_msg("%s: is %s", cases[i].spelling, value ? value->bytes : "absent");
		assert_null(facts_unref(facts));
		text_pool_done(&pool);
	}
}

static void test_properties(void **state)
{
	struct text_pool pool = {0};
	struct facts *facts = facts_new(text_intern_string(&pool, "id"), 1);
	struct facts *copy = facts_new(text_intern_string(&pool, "id"), 1);
	struct text *key = text_intern_string(&pool, "B");
	struct text *other = text_intern_string(&pool, "C");

	(void)state;
	assert_true(facts_equal(facts, copy));
	facts_add_property(facts, &pool, "A", "1");
	facts_add_property(facts, &pool, "B", "x\ny");
	assert_string_equal(facts_property(facts, key)->bytes, "x\xef\xbf\xbdy");
	assert_null(facts_property(facts, other));
	assert_false(facts_equal(facts, copy));
	facts_add_property(copy, &pool, "C", "gone");
	property_list_copy(&copy->properties, &facts->properties);
	assert_null(facts_property(copy, other));
	assert_ptr_equal(facts_property(copy, key), facts_property(facts, key));
	assert_true(facts_equal(facts, copy));
	text_unref(key);
	text_unref(other);
	facts_unref(facts);
	facts_unref(copy);
	text_pool_done(&pool);
}

static void test_equal(void **state)
{
	struct text_pool pool = {0};

	(void)state;
	for (int difference = 0; difference < 8; difference++) {
		struct facts *left =
			facts_new(text_intern_string(&pool, "id"), KIND_MASK(KIND_PCI));
		struct facts *right = facts_new(
			text_intern_string(&pool, difference == 1 ? "other" : "id"),
			KIND_MASK(KIND_PCI) | (difference == 2 ? KIND_MASK(KIND_SRIOV_NIC) : 0));

		right->life = difference == 3;
		right->name = difference == 4 ? text_intern_string(&pool, "n") : NULL;
		right->parent = difference == 5 ? text_intern_string(&pool, "p") : NULL;
		right->bound = difference == 6 ? text_intern_string(&pool, "b") : NULL;
		facts_set(left, &pool, FIELD_NAME, "p");
		facts_set(right, &pool, FIELD_NAME, difference == 7 ? "q" : "p");
		assert_int_equal(facts_equal(left, right), difference == 0);
		facts_unref(left);
		facts_unref(right);
	}
	text_pool_done(&pool);
}

static void test_references(void **state)
{
	struct text_pool pool = {0};
	struct facts *facts = facts_new(text_intern_string(&pool, "id"), 1);

	(void)state;
	assert_ptr_equal(facts_ref(facts), facts);
	facts_unref(facts);
	assert_int_equal(facts->references, 1);
	facts_unref(facts);
	assert_null(facts_ref(NULL));
	assert_null(facts_unref(NULL));
	text_pool_done(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_properties),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
