/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One text form for each value, and the order of values. */
#include "model/value.h"

#include "base/memory.h"
#include "model/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	enum value_type type;
	unsigned digits;
	const char *spelling;
	const char *want; /* NULL: malformed */
} forms[] = {
	{VALUE_TEXT, 0, " any thing ", " any thing "},
	{VALUE_TEXT, 0, "", ""},
	{VALUE_LIST, 0, "a,b", "a,b"},
	{VALUE_ADDRESS, 0, "03:00.0", "0000:03:00.0"},
	{VALUE_ADDRESS, 0, " 0000:AB:1F.7\n", "0000:ab:1f.7"},
	{VALUE_ADDRESS, 0, "10000:e1:00.0", "10000:e1:00.0"},
	{VALUE_ADDRESS, 0, "ffffffff:ff:1f.7", "ffffffff:ff:1f.7"},
	{VALUE_ADDRESS, 0, "100000000:00:00.0", NULL},
	{VALUE_ADDRESS, 0, "000:03:00.0", NULL},
	{VALUE_ADDRESS, 0, "0000:03:20.0", NULL},
	{VALUE_ADDRESS, 0, "0000:03:00.8", NULL},
	{VALUE_ADDRESS, 0, "0000:3:00.0", NULL},
	{VALUE_ADDRESS, 0, "0000:03:00", NULL},
	{VALUE_ADDRESS, 0, "0000:03:00.00", NULL},
	{VALUE_ADDRESS, 0, ":03:00.0", NULL},
	{VALUE_ADDRESS, 0, "zz", NULL},
	{VALUE_ADDRESS, 0, "", NULL},
	{VALUE_HEX, 4, "46d", "046d"},
	{VALUE_HEX, 4, "0x46D", "046d"},
	{VALUE_HEX, 4, "0X0000046d", "046d"},
	{VALUE_HEX, 4, "1046d", NULL},
	{VALUE_HEX, 4, "", NULL},
	{VALUE_HEX, 4, "0x", NULL},
	{VALUE_HEX, 4, "046g", NULL},
	{VALUE_HEX, 4, "-1", NULL},
	{VALUE_HEX, 6, "0x30000\n", "030000"},
	{VALUE_HEX, 2, "ff", "ff"},
	{VALUE_HEX, 2, "100", NULL},
	{VALUE_NUMBER, 0, "001", "1"},
	{VALUE_NUMBER, 0, "480", "480"},
	{VALUE_NUMBER, 0, "1.5", "1.5"},
	{VALUE_NUMBER, 0, "1.500000", "1.5"},
	{VALUE_NUMBER, 0, "1.0", "1"},
	{VALUE_NUMBER, 0, "0.000001", "0.000001"},
	{VALUE_NUMBER, 0, "0.0000001", NULL},
	{VALUE_NUMBER, 0, "-1", "-1"},
	{VALUE_NUMBER, 0, "-0", "0"},
	{VALUE_NUMBER, 0, "-0.5", "-0.5"},
	{VALUE_NUMBER, 0, "1.", NULL},
	{VALUE_NUMBER, 0, ".5", NULL},
	{VALUE_NUMBER, 0, "-", NULL},
	{VALUE_NUMBER, 0, "--1", NULL},
	{VALUE_NUMBER, 0, "1.-5", NULL},
	{VALUE_NUMBER, 0, "1e3", NULL},
	{VALUE_NUMBER, 0, "fast", NULL},
	{VALUE_NUMBER, 0, "9223372036853", "9223372036853"},
	{VALUE_NUMBER, 0, "-9223372036853.999999", "-9223372036853.999999"},
	{VALUE_NUMBER, 0, "9223372036854", NULL},
	{VALUE_ID_PAIR, 0, "10DE:1eb8", "10de:1eb8"},
	{VALUE_ID_PAIR, 0, "0x10de:0x1", "10de:0001"},
	{VALUE_ID_PAIR, 0, "10de", NULL},
	{VALUE_ID_PAIR, 0, "10de:", NULL},
	{VALUE_ID_PAIR, 0, ":1eb8", NULL},
	{VALUE_ID_PAIR, 0, "10de:1eb8:0", NULL},
	{VALUE_ID_PAIR, 0, "110de:1eb8", NULL},
	{VALUE_VERSION, 0, " 2.00", "2.0"},
	{VALUE_VERSION, 0, "2", "2.0"},
	{VALUE_VERSION, 0, "2.0", "2.0"},
	{VALUE_VERSION, 0, "2.1", "2.1"},
	{VALUE_VERSION, 0, "2.10", "2.1"},
	{VALUE_VERSION, 0, "2.01", "2.01"},
	{VALUE_VERSION, 0, "10.25", "10.25"},
	{VALUE_VERSION, 0, "2.", NULL},
	{VALUE_VERSION, 0, "2.000", NULL},
	{VALUE_VERSION, 0, "100.0", NULL},
	{VALUE_VERSION, 0, "two", NULL},
};

static void test_normalise(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(forms); i++) {
		struct buffer form = {0};
		int result =
			value_normalise(forms[i].type, forms[i].digits, forms[i].spelling, &form);

		if (result != (forms[i].want ? 0 : VALUE_MALFORMED) ||
			strcmp(buffer_string(&form), forms[i].want ? forms[i].want : "") != 0)
			fail_msg("%s `%s`: is %d, `%s`", value_type_name(forms[i].type),
				forms[i].spelling, result, buffer_string(&form));
		buffer_done(&form);
	}
}

static void test_compare(void **state)
{
	static const struct {
		enum value_type type;
		const char *less;
		const char *more;
	} cases[] = {
		{VALUE_TEXT, "a", "b"},
		{VALUE_TEXT, "", "a"},
		{VALUE_TEXT, "a", "aa"},
		{VALUE_TEXT, "10", "9"},
		{VALUE_TEXT, "z", "\xc3\xa4"},
		{VALUE_LIST, "a,b", "a,c"},
		{VALUE_NUMBER, "480", "5000"},
		{VALUE_NUMBER, "1.5", "12"},
		{VALUE_NUMBER, "-1", "0"},
		{VALUE_NUMBER, "-2", "-1"},
		{VALUE_NUMBER, "-0.5", "0.5"},
		{VALUE_HEX, "0fff", "1000"},
		{VALUE_HEX, "9fff", "a000"},
		{VALUE_ID_PAIR, "1022:ffff", "10de:0000"},
		{VALUE_VERSION, "2.01", "2.1"},
		{VALUE_VERSION, "2.1", "2.11"},
		{VALUE_VERSION, "3.2", "10.0"},
		{VALUE_ADDRESS, "ffff:ff:1f.7", "10000:00:00.0"},
		{VALUE_ADDRESS, "0000:03:00.0", "0000:03:00.1"},
		{VALUE_ADDRESS, "0000:03:1f.7", "0000:04:00.0"},
		{VALUE_ADDRESS, "0000:00:00.0", "ffffffff:ff:1f.7"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct text *less = text_new(cases[i].less, strlen(cases[i].less));
		struct text *more = text_new(cases[i].more, strlen(cases[i].more));

		if (value_compare(cases[i].type, less, more) >= 0 ||
			value_compare(cases[i].type, more, less) <= 0 ||
			value_compare(cases[i].type, less, less) != 0)
			fail_msg("%s < %s", cases[i].less, cases[i].more);
		text_unref(less);
		text_unref(more);
	}
}

static void test_address(void **state)
{
	struct address address;
	char string[ADDRESS_SIZE];

	(void)state;
	assert_true(address_parse("10000:e1:1f.7", &address));
	assert_int_equal(address.domain, 0x10000);
	assert_int_equal(address.bus, 0xe1);
	assert_int_equal(address.device, 0x1f);
	assert_int_equal(address.function, 7);
	assert_false(address_parse("nothing", &address));
	assert_int_equal(address.bus, 0xe1);
	address_format(address, string);
	assert_string_equal(string, "10000:e1:1f.7");
	assert_int_equal(address_order(address), UINT64_C(0x10000e1ff));
}

static void test_type_names(void **state)
{
	(void)state;
	assert_string_equal(value_type_name(VALUE_TEXT), "text");
	assert_string_equal(value_type_name(VALUE_LIST), "list of text");
	assert_string_equal(value_type_name(VALUE_ADDRESS), "address");
	assert_string_equal(value_type_name(VALUE_HEX), "hex");
	assert_string_equal(value_type_name(VALUE_NUMBER), "number");
	assert_string_equal(value_type_name(VALUE_ID_PAIR), "id pair");
	assert_string_equal(value_type_name(VALUE_VERSION), "version");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_normalise),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_type_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
