/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/writer.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_structure(void **state)
{
	struct writer json = {0};
	struct text *raw = text_new("{\"r\":1}", 7);
	struct text *text;

	(void)state;
	writer_open(&json, '{');
	writer_key_string(&json, "a", "x");
	writer_key_string(&json, "absent", NULL);
	writer_key_text(&json, "absent", NULL);
	writer_key_raw(&json, "absent", NULL);
	writer_key_raw(&json, "raw", raw);
	writer_key_text(&json, "text", raw);
	writer_key_number(&json, "least", INT64_MIN);
	writer_key_boolean(&json, "yes", true);
	writer_key(&json, "list");
	writer_open(&json, '[');
	writer_raw(&json, "0", 1);
	writer_raw(&json, "false", 5);
	writer_open(&json, '[');
	writer_close(&json, ']');
	writer_open(&json, '{');
	writer_close(&json, '}');
	writer_string(&json, "");
	writer_raw(&json, "null", 4);
	writer_close(&json, ']');
	writer_close(&json, '}');
	text = writer_take(&json);
	assert_string_equal(text->bytes,
		"{\"a\":\"x\",\"raw\":{\"r\":1},\"text\":\"{\\\"r\\\":1}\","
		"\"least\":-9223372036854775808,\"yes\":true,"
		"\"list\":[0,false,[],{},\"\",null]}");
	text_unref(text);
	text_unref(raw);
	writer_open(&json, '[');
	writer_close(&json, ']');
	text = writer_take(&json);
	assert_string_equal(text->bytes, "[]");
	text_unref(text);
}

static void test_strings(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
		const char *want;
	} cases[] = {
		{"a\"b\\c/", 6, "\"a\\\"b\\\\c/\""},
		{"\n\t\r\x01\x7f", 5, "\"\\n\\t\\u000d\\u0001\\u007f\""},
		{"\0x", 2, "\"\\u0000x\""},
		{"\xc3\xa4\xf0\x9f\x98\x80", 6, "\"\xc3\xa4\xf0\x9f\x98\x80\""},
		{"a\xff"
		 "b\xc3",
			4,
			"\"a\xef\xbf\xbd"
			"b\xef\xbf\xbd\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct writer json = {0};
		struct text *text;

		writer_bytes(&json, cases[i].bytes, cases[i].length);
		text = writer_take(&json);
		assert_string_equal(text->bytes, cases[i].want);
		text_unref(text);
	}
}

/* The inside of a JSON string: UTF-8 without bare quotes and control characters. */
static bool is_string_inside(const char *bytes, size_t length)
{
	for (size_t at = 0; at < length;) {
		size_t size = utf8_sequence(bytes + at, length - at);

		if (size == 0 || (unsigned char)bytes[at] < 0x20 || bytes[at] == '"')
			return false;
		if (bytes[at] != '\\')
			at += size;
		else if (bytes[at + 1] == 'u')
			at += 6;
		else if (bytes[at + 1] && strchr("\"\\nt", bytes[at + 1]))
			at += 2;
		else
			return false;
	}
	return true;
}

static void test_every_byte(void **state)
{
	(void)state;
	for (int first = 0; first < 256; first++) {
		for (int second = 0; second < 256; second++) {
			char bytes[] = {(char)first, (char)second};
			struct writer json = {0};
			struct text *text;

			writer_bytes(&json, bytes, 2);
			text = writer_take(&json);
			assert_int_equal(text->bytes[0], '"');
			assert_int_equal(text->bytes[text->length - 1], '"');
			assert_true(is_string_inside(text->bytes + 1, text->length - 2));
			text_unref(text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_structure),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
