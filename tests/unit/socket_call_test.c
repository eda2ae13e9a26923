/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages as calls, their parameters, and the table of methods. */
#include "io/socket/call.h"

#include "base/memory.h"
#include "io/socket/method.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *message;
	int want;
	const char *flags; /* of a call: o, m, u, and p for parameters */
} messages[] = {
	{"{\"method\":\"a.B\"}", 0, ""},
	{" { \"method\" : \"a.B\" } ", 0, ""},
	{"{\"parameters\":{},\"method\":\"a.B\"}", 0, "p"},
	{"{\"method\":\"a.B\",\"parameters\":null,\"more\":null}", 0, ""},
	{"{\"method\":\"a.B\",\"oneway\":true,\"more\":false,\"upgrade\":false}", 0, "o"},
	{"{\"method\":\"a.B\",\"more\":true,\"upgrade\":true}", 0, "mu"},
	{"{\"method\":\"\"}", 0, ""},
	{"", CALL_MALFORMED, ""},
	{"{}", CALL_MALFORMED, ""},
	{"[\"method\"]", CALL_MALFORMED, ""},
	{"\"method\"", CALL_MALFORMED, ""},
	{"{\"method\":\"a.B\"", CALL_MALFORMED, ""},
	{"{\"method\":\"a.B\"}}", CALL_MALFORMED, ""},
	{"{\"method\":null}", CALL_MALFORMED, ""},
	{"{\"method\":[]}", CALL_MALFORMED, ""},
	{"{\"method\":\"a.B\",\"method\":\"a.B\"}", CALL_MALFORMED, ""},
	{"{\"method\":\"a.B\",\"continues\":true}", CALL_MALFORMED, ""},
	{"{\"method\":\"a.B\",\"oneway\":0}", CALL_MALFORMED, ""},
	{"{\"method\":\"a.B\",\"parameters\":\"x\"}", CALL_MALFORMED, ""},
	{"{\"method\":\"a.B\",\"parameters\":{\"a\":1,\"a\":1}}", CALL_MALFORMED, ""},
};

static bool flags_are(const struct call *call, const char *flags)
{
	return call->oneway == (strchr(flags, 'o') != NULL) &&
	       call->more == (strchr(flags, 'm') != NULL) &&
	       call->upgrade == (strchr(flags, 'u') != NULL) &&
	       (call->parameters != NULL) == (strchr(flags, 'p') != NULL);
}

static void test_messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(messages); i++) {
		struct call call = {0};
		const char *message = messages[i].message;

		if (call_parse(&call, message, strlen(message)) != messages[i].want ||
			!flags_are(&call, messages[i].flags) ||
			(call.message == NULL) != (messages[i].want != 0))
			fail_msg("%s", message);
		call_done(&call);
		assert_null(call.message);
	}
}

static int parse_nested(const char *open, const char *close, size_t depth)
{
	struct buffer message = {0};
	struct call call = {0};
	int outcome;

	buffer_add_string(&message, "{\"method\":\"a.B\",\"parameters\":{\"a\":");
	for (size_t i = 2; i < depth; i++)
		buffer_add_string(&message, open);
	buffer_add_string(&message, "\"[[{{\\\"[[\"");
	for (size_t i = 2; i < depth; i++)
		buffer_add_string(&message, close);
	buffer_add_string(&message, "}}");
	outcome = call_parse(&call, message.bytes, message.length);
	call_done(&call);
	buffer_done(&message);
	return outcome;
}

static void test_depth(void **state)
{
	(void)state;
	assert_int_equal(parse_nested("[", "]", CALL_MOST_DEPTH), 0);
	assert_int_equal(parse_nested("[", "]", CALL_MOST_DEPTH + 1), CALL_MALFORMED);
	assert_int_equal(parse_nested("{\"b\":", "}", CALL_MOST_DEPTH), 0);
	assert_int_equal(parse_nested("{\"b\":", "}", CALL_MOST_DEPTH + 1), CALL_MALFORMED);
	assert_int_equal(parse_nested("[1],[", "]", 1000), CALL_MALFORMED);
}

static const struct parameter table[] = {
	{"name", PARAMETER_STRING, false},
	{"count", PARAMETER_INTEGER, true},
	{"force", PARAMETER_BOOLEAN, true},
	{"kinds", PARAMETER_STRINGS, true},
	{.name = NULL},
};

static const struct {
	const char *parameters;
	const char *wrong; /* NULL: none */
	const char *message;
} parameters[] = {
	{"{\"name\":\"x\"}", NULL, ""},
	{"{\"name\":\"x\",\"count\":-7,\"force\":false,\"kinds\":[\"a\",\"b\"]}", NULL, ""},
	{"{\"name\":\"x\",\"count\":null,\"force\":null,\"kinds\":null}", NULL, ""},
	{"{\"name\":\"x\",\"kinds\":[]}", NULL, ""},
	{"{}", "name", "`name` is missing: a string"},
	{"null", "name", "`name` is missing: a string"},
	{"{\"name\":null}", "name", "`name` is missing: a string"},
	{"{\"name\":[]}", "name", "`name` must be a string"},
	{"{\"name\":\"x\",\"count\":1.5}", "count", "`count` must be an integer"},
	{"{\"name\":\"x\",\"count\":\"1\"}", "count", "`count` must be an integer"},
	{"{\"name\":\"x\",\"force\":1}", "force", "`force` must be true or false"},
	{"{\"name\":\"x\",\"kinds\":\"a\"}", "kinds", "`kinds` must be an array of strings"},
	{"{\"name\":\"x\",\"kinds\":[\"a\",null]}", "kinds", "`kinds` must be an array of strings"},
	{"{\"name\":\"x\",\"kinds\":{}}", "kinds", "`kinds` must be an array of strings"},
	{"{\"name\":\"x\",\"cuont\":1}", "cuont",
		"there is no parameter `cuont`; this method takes `name`, `count`, `force`, "
		"`kinds`"},
};

static void test_parameters(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(parameters); i++) {
		struct buffer text = {0};
		struct buffer message = {0};
		struct call call = {0};
		const char *wrong = NULL;
		int outcome;

		buffer_format(
			&text, "{\"method\":\"a.B\",\"parameters\":%s}", parameters[i].parameters);
		assert_int_equal(call_parse(&call, text.bytes, text.length), 0);
		outcome = parameter_check(table, call.parameters, &message, &wrong);
		assert_int_equal(outcome, parameters[i].wrong ? PARAMETER_WRONG : 0);
		if (parameters[i].wrong)
			assert_string_equal(wrong, parameters[i].wrong);
		assert_string_equal(buffer_string(&message), parameters[i].message);
		call_done(&call);
		buffer_done(&text);
		buffer_done(&message);
	}
}

static void test_accessors(void **state)
{
	static const char message[] =
		"{\"method\":\"a.B\",\"parameters\":{\"s\":\"x\",\"i\":-7,\"b\":true,"
		"\"a\":[\"y\",\"z\"],\"n\":null}}";
	struct call call = {0};
	int64_t number = 0;

	(void)state;
	assert_int_equal(call_parse(&call, message, strlen(message)), 0);
	assert_string_equal(call_string(&call, "s"), "x");
	assert_null(call_string(&call, "n"));
	assert_null(call_string(&call, "none"));
	assert_true(call_integer(&call, "i", &number));
	assert_int_equal(number, -7);
	assert_false(call_integer(&call, "n", &number));
	assert_true(call_flag(&call, "b"));
	assert_false(call_flag(&call, "n"));
	assert_true(call_has(&call, "a"));
	assert_false(call_has(&call, "n"));
	assert_string_equal(call_string_at(&call, "a", 1), "z");
	assert_null(call_string_at(&call, "a", 2));
	assert_null(call_string_at(&call, "none", 0));
	call_done(&call);
}

static const struct {
	const char *name;
	int want;
} names[] = {
	{"org.hostdevd.Watch", 0},
	{"org.varlink.service.GetInfo", 0},
	{"org.hostdevd.GetInfo", METHOD_NOT_FOUND},
	{"org.hostdevd.watch", METHOD_NOT_FOUND},
	{"org.hostdevd.", METHOD_NOT_FOUND},
	{"org.hostdevd", METHOD_NO_INTERFACE},
	{"org.hostdev.Watch", METHOD_NO_INTERFACE},
	{"org.hostdevdd.Watch", METHOD_NO_INTERFACE},
	{"org.hostdevd.x.Watch", METHOD_NO_INTERFACE},
	{"Watch", METHOD_NO_INTERFACE},
	{".Watch", METHOD_NO_INTERFACE},
	{"", METHOD_NO_INTERFACE},
};

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		const struct method *method = NULL;
		int outcome = method_find(names[i].name, &method);

		if (outcome != names[i].want || (outcome == 0) != (method != NULL))
			fail_msg("%s: %d", names[i].name, outcome);
	}
}

/*
 * Every method is carried out by somebody. One that changes something is for admins,
 * or a request about instances, whose right claims/ judges.
 */
static void test_method_table(void **state)
{
	(void)state;
	for (const struct interface *interface = interfaces; interface->name; interface++) {
		for (const struct method *method = interface->methods; method->name; method++) {
			assert_true(method->changes == (method->answer == NULL));
			assert_true(!method->changes || method->right == RIGHT_ADMIN ||
				    method->change == CHANGE_REQUEST);
			assert_true((method->read != NULL) ==
				    (method->changes && method->change == CHANGE_REQUEST));
		}
	}
}

/* `method NAME(parameters)` of each method, without spaces, as the tables have them. */
static void write_tables(const struct method *methods, struct buffer *text)
{
	static const char *const types[] = {
		[PARAMETER_STRING] = "string",
		[PARAMETER_INTEGER] = "int",
		[PARAMETER_BOOLEAN] = "bool",
		[PARAMETER_STRINGS] = "[]string",
	};

	for (const struct method *method = methods; method->name; method++) {
		const struct parameter *parameter = method->parameters;

		buffer_format(text, "\n%s(", method->name);
		for (; parameter && parameter->name; parameter++)
			buffer_format(text, "%s%s:%s%s", parameter == method->parameters ? "" : ",",
				parameter->name, parameter->optional ? "?" : "",
				types[parameter->type]);
		buffer_add_byte(text, ')');
	}
}

/* The same as the description has them. */
static void write_description(const char *description, struct buffer *text)
{
	static const char start[] = "\nmethod ";
	const char *at = description;

	while ((at = strstr(at, start))) {
		buffer_add_byte(text, '\n');
		for (at += strlen(start); *at != ')'; at++)
			if (!strchr(" \n", *at))
				buffer_add_byte(text, *at);
		buffer_add_byte(text, ')');
	}
}

static int by_text(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

/* The lines of `text`, which it is cut into, by name. */
static void sort_lines(struct buffer *text, struct vector *ret_lines)
{
	buffer_string(text);
	for (char *line = strtok(text->bytes, "\n"); line; line = strtok(NULL, "\n"))
		vector_add(ret_lines, line);
	qsort(ret_lines->items, ret_lines->count, sizeof(*ret_lines->items), by_text);
}

/* Neither has a method or a parameter more than the other. */
static void test_description_is_the_table(void **state)
{
	(void)state;
	for (const struct interface *interface = interfaces; interface->name; interface++) {
		struct buffer texts[2] = {0};
		struct vector lines[2] = {0};

		write_tables(interface->methods, &texts[0]);
		write_description(interface->description, &texts[1]);
		for (int i = 0; i < 2; i++)
			sort_lines(&texts[i], &lines[i]);
		for (size_t i = 0; i < lines[0].count && i < lines[1].count; i++)
			assert_string_equal(lines[0].items[i], lines[1].items[i]);
		assert_int_equal(lines[0].count, lines[1].count);
		for (int i = 0; i < 2; i++) {
			vector_done(&lines[i]);
			buffer_done(&texts[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_accessors),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_method_table),
		cmocka_unit_test(test_description_is_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
