/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The conditions of a rule. A value that the field can never have is an error here, not a rule
 * that never fires.
 */
#include "rules/load_match.h"

#include "rules/pattern.h"
#include "rules/pattern_release.h"
#include "rules/suggest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PROPERTY_PREFIX "udev."

/*
 * Each is kept of each device, and a column of bitmaps in the matcher: 270,000 of them, which files
 * have room for, took 9 GiB.
 */
#define PROPERTIES_MOST 256

/* What the readers of one condition share. */
struct match_reader {
	struct loader *loader;
	enum kind kind;			 /* KIND_COUNT: unknown, after an error */
	const config_setting_t *setting; /* the condition, for the line of its errors */
};

/* Notes a property that rules name; false: that makes too many of them. */
static bool note_property(struct loader *loader, struct text *property)
{
	if (map_find(&loader->properties, property->bytes, property->length))
		return true;
	if (loader->properties.count == PROPERTIES_MOST)
		return false;
	vector_add(&loader->ruleset->properties, text_ref(property));
	map_add(&loader->properties, property->bytes, property->length, property);
	return true;
}

static bool read_property(
	const struct match_reader *reader, const char *key, struct condition *test)
{
	struct loader *loader = reader->loader;
	size_t length = strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_.:-");

	if (length == 0 || key[length] != '\0') {
		loader_error(loader, reader->setting,
			"a udev property's name, as `udevadm info` shows it: udev.ID_SERIAL",
			"`" PROPERTY_PREFIX "%.64s` is no property", key);
		return false;
	}
	test->field = FIELD_COUNT;
	test->value_type = VALUE_TEXT;
	test->property = text_intern(loader->pool, key, length);
	if (note_property(loader, test->property))
		return true;
	loader_error(loader, reader->setting,
		"name a property that other rules name too, or a field of hostdevd's own",
		"`" PROPERTY_PREFIX "%.64s` is too many: rules name at most %d udev properties",
		key, PROPERTIES_MOST);
	return false;
}

/* With an unknown kind: the first field of that name. */
static enum field find_field(enum kind kind, const char *name)
{
	enum field field = FIELD_COUNT;

	if (kind < KIND_COUNT)
		return field_find(kind, name);
	for (kind = 0; kind < KIND_COUNT && field == FIELD_COUNT; kind++)
		field = field_find(kind, name);
	return field;
}

static void unknown_field(const struct match_reader *reader, const char *name)
{
	struct suggestion suggestion = {.word = name};
	struct buffer hint = {0};
	bool any = reader->kind == KIND_COUNT;

	for (enum field field = 0; field < FIELD_COUNT; field++)
		if (any || (field_describe(field)->kinds & KIND_MASK(reader->kind)))
			suggestion_consider(&suggestion, field_describe(field)->name);
	for (enum kind kind = 0; kind < KIND_COUNT; kind++)
		if (field_find(kind, name) != FIELD_COUNT)
			buffer_format(&hint, "`%s` is a field of kind %s; ", name, kind_name(kind));
	if (suggestion.best)
		buffer_format(&hint, "did you mean `%s`?", suggestion.best);
	else
		buffer_add_string(&hint, "`hostdevctl fields` lists them");
	loader_error(reader->loader, reader->setting, buffer_string(&hint),
		"devices of %s%s have no field `%.64s`", any ? "any kind" : "kind ",
		any ? "" : kind_name(reader->kind), name);
	buffer_done(&hint);
}

static bool read_field(const struct match_reader *reader, const char *name, struct condition *test)
{
	size_t prefix = strlen(PROPERTY_PREFIX);

	if (strncmp(name, PROPERTY_PREFIX, prefix) == 0)
		return read_property(reader, name + prefix, test);
	test->field = find_field(reader->kind, name);
	if (test->field == FIELD_COUNT) {
		unknown_field(reader, name);
		return false;
	}
	test->value_type = field_describe(test->field)->type;
	return true;
}

static bool read_op(const struct match_reader *reader, const char *spelling, struct condition *test)
{
	const char *names[OP_COUNT];
	struct buffer hint = {0};

	test->op = op_find(spelling);
	if (test->op != OP_COUNT)
		return true;
	for (enum op op = 0; op < OP_COUNT; op++)
		names[op] = op_name(op);
	loader_hint(&hint, spelling, names, OP_COUNT);
	loader_error(reader->loader, reader->setting, buffer_string(&hint),
		"`%.64s` is no operator", spelling);
	buffer_done(&hint);
	return false;
}

/* A number written without quotes, as the author would have written it with them. */
static bool read_unquoted(
	const config_setting_t *setting, enum value_type type, struct buffer *spelling)
{
	int kind = config_setting_type(setting);
	double number;

	if (kind == CONFIG_TYPE_INT || kind == CONFIG_TYPE_INT64) {
		buffer_format(spelling, "%lld", config_setting_get_int64(setting));
		return type == VALUE_NUMBER;
	}
	if (kind != CONFIG_TYPE_FLOAT || (type != VALUE_NUMBER && type != VALUE_VERSION))
		return false;
	number = config_setting_get_float(setting);
	if (!isfinite(number))
		return false;
	buffer_format(spelling, "%.*f", type == VALUE_VERSION ? 2 : 6, number);
	return strtod(buffer_string(spelling), NULL) == number;
}

/* What a value of this type looks like. */
static const char *value_example(const struct condition *test)
{
	if (!test->property && test->field == FIELD_CLASS_HEX)
		return "2, 4 or 6 hex digits: 03, 0300 or 030000";
	if (!test->property && test->field == FIELD_TYPE_ID)
		return "the number of a profile: 558, or nvidia-558";
	switch (test->value_type) {
	case VALUE_TEXT:
	case VALUE_LIST:
		return "a text in quotes";
	case VALUE_ADDRESS:
		return "write 0000:03:00.0 or 03:00.0";
	case VALUE_HEX:
		return field_describe(test->field)->digits == 2 ? "two hex digits, as in 03"
								: "four hex digits, as in 046d";
	case VALUE_NUMBER:
		return "a decimal number, as in 480 or 1.5";
	case VALUE_ID_PAIR:
		return "two ids in hex, as in 10de:1eb8";
	case VALUE_VERSION:
		return "a version, as in 2.0 or 3.2";
	}
	return "";
}

static const char *field_name(const struct condition *test)
{
	return test->property ? test->property->bytes : field_describe(test->field)->name;
}

/* The width of a VALUE_HEX: the field's; for class_hex, which may be cut, the rule's. */
static unsigned value_digits(const struct condition *test, const char *spelling)
{
	size_t digits;

	if (test->value_type != VALUE_HEX)
		return 0;
	if (test->field != FIELD_CLASS_HEX)
		return field_describe(test->field)->digits;
	spelling += strspn(spelling, " \t");
	if (spelling[0] == '0' && (spelling[1] | 0x20) == 'x')
		spelling += 2;
	digits = strspn(spelling, "0123456789abcdefABCDEF");
	return digits == 2 || digits == 4 || digits == 6 ? (unsigned)digits : 0;
}

/* Replaces the value by the text form that devices have. */
static bool normalise(const struct match_reader *reader, struct condition *test)
{
	struct loader *loader = reader->loader;
	unsigned digits = value_digits(test, test->value->bytes);
	struct buffer form = {0};
	int result = VALUE_MALFORMED;

	if (test->value_type != VALUE_HEX || digits > 0)
		result = value_normalise(test->value_type, digits, test->value->bytes, &form);
	if (result == 0)
		text_replace(
			&test->value, text_intern(loader->pool, buffer_string(&form), form.length));
	else
		loader_error(loader, reader->setting, value_example(test),
			"`%.64s` cannot be the value of `%s`, which is of type %s",
			test->value->bytes, field_name(test), value_type_name(test->value_type));
	buffer_done(&form);
	return result == 0;
}

static void check_releases(const struct match_reader *reader, const struct condition *test)
{
	struct loader *loader = reader->loader;
	struct buffer what = {0};
	struct buffer fix = {0};

	if (test->op != OP_REGEX || !pattern_release_differs(test->value, &what, &fix))
		return;
	ruleset_add_finding(
		loader->ruleset, (struct finding){
					 .code = "regex-release",
					 .level = "warning",
					 .file = text_ref(loader->file->name),
					 .line = config_setting_source_line(reader->setting),
					 .message = buffer_take_text(&what),
					 .fix = buffer_take_text(&fix),
				 });
}

static bool compile(const struct match_reader *reader, struct condition *test)
{
	struct loader *loader = reader->loader;
	enum pattern_syntax syntax = test->op == OP_REGEX ? PATTERN_REGEX : PATTERN_NOCASE;
	struct buffer why = {0};
	int result =
		pattern_new(loader->ruleset->engine, syntax, test->value, &why, &test->pattern);

	if (result != 0)
		loader_error(loader, reader->setting,
			"PCRE2 syntax, at most 1024 bytes; a backslash is written twice",
			"`%.64s` cannot be used: %s", test->value->bytes, buffer_string(&why));
	else
		check_releases(reader, test);
	buffer_done(&why);
	return result == 0;
}

/* An element of a list holds no comma, so a value with one would never be found. */
static bool check_element(const struct match_reader *reader, const struct condition *test)
{
	if (test->value_type != VALUE_LIST || test->op == OP_REGEX ||
		!strchr(test->value->bytes, ','))
		return true;
	loader_error(reader->loader, reader->setting,
		"each element is looked at alone: write one condition for each",
		"a value with a comma is never an element of `%s`", field_name(test));
	return false;
}

static struct text *read_spelling(const struct match_reader *reader,
	const config_setting_t *setting, const struct condition *test)
{
	struct loader *loader = reader->loader;
	struct buffer spelling = {0};
	struct text *value = NULL;

	if (config_setting_type(setting) == CONFIG_TYPE_STRING)
		return loader_text(loader, setting, "a value");
	if (config_setting_is_number(setting) &&
		read_unquoted(setting, test->value_type, &spelling))
		value = text_intern_string(loader->pool, buffer_string(&spelling));
	else
		loader_error(loader, reader->setting, "quote it",
			"a value of `%s`, which is of type %s, needs quotes", field_name(test),
			value_type_name(test->value_type));
	buffer_done(&spelling);
	return value;
}

static bool read_value(
	const struct match_reader *reader, const config_setting_t *setting, struct condition *test)
{
	bool quoted = config_setting_type(setting) == CONFIG_TYPE_STRING;

	test->value = read_spelling(reader, setting, test);
	if (!test->value)
		return false;
	if (test->op != OP_REGEX)
		text_replace(
			&test->value, text_intern_string(reader->loader->pool,
					      field_skip_prefix(test->field, test->value->bytes)));
	if ((op_compares(test->op) || !quoted) && !normalise(reader, test))
		return false;
	if (!check_element(reader, test))
		return false;
	if (test->op != OP_REGEX && test->op != OP_CONTAINS_NOCASE)
		return true;
	return compile(reader, test);
}

static struct condition *read_test(const struct match_reader *reader)
{
	const config_setting_t *list = reader->setting;
	const char *field = config_setting_get_string_elem(list, 0);
	const char *op = config_setting_get_string_elem(list, 1);
	struct condition *test;
	bool good;

	if (config_setting_length(list) != 3 || !field || !op) {
		loader_error(reader->loader, list, "write (\"field\", \"operator\", \"value\")",
			"a condition has three parts, the first two in quotes");
		return NULL;
	}
	test = condition_new(CONDITION_TEST);
	good = read_field(reader, field, test);
	good = read_op(reader, op, test) && good;
	/* which type `device` has, say, is the kind's to tell */
	if (good && (reader->kind < KIND_COUNT || test->property))
		good = read_value(reader, config_setting_get_elem(list, 2), test);
	return good ? test : condition_free(test);
}

static struct condition *read_condition(
	struct loader *loader, const config_setting_t *setting, enum kind kind);

/* The conditions of `list` from its entry `from` on. */
static struct condition *read_children(
	struct loader *loader, const config_setting_t *list, int from, enum kind kind)
{
	struct condition *parent = condition_new(CONDITION_ALL);
	int count = config_setting_length(list);

	for (int i = from; i < count; i++) {
		struct condition *child =
			read_condition(loader, config_setting_get_elem(list, (unsigned)i), kind);

		if (child)
			vector_add(&parent->children, child);
	}
	return parent->children.count == (size_t)(count - from) ? parent : condition_free(parent);
}

static bool find_composite(const char *word, enum condition_type *ret_type)
{
	if (strcmp(word, "any") == 0)
		*ret_type = CONDITION_ANY;
	else if (strcmp(word, "all") == 0)
		*ret_type = CONDITION_ALL;
	else if (strcmp(word, "not") == 0)
		*ret_type = CONDITION_NOT;
	else
		return false;
	return true;
}

static struct condition *read_composite(struct loader *loader, const config_setting_t *list,
	enum condition_type type, enum kind kind)
{
	int count = config_setting_length(list) - 1;
	struct condition *composite;

	if (type == CONDITION_NOT ? count != 1 : count < 1) {
		loader_error(loader, list,
			type == CONDITION_NOT ? "write (\"not\", (...)); (\"all\", ...) or "
						"(\"any\", ...) make one of several"
					      : "put conditions into it, or remove it",
			"`%s` has %d conditions", config_setting_get_string_elem(list, 0), count);
		return NULL;
	}
	composite = read_children(loader, list, 1, kind);
	if (composite)
		composite->type = type;
	return composite;
}

static struct condition *read_condition(
	struct loader *loader, const config_setting_t *setting, enum kind kind)
{
	struct match_reader reader = {loader, kind, setting};
	enum condition_type type;
	const char *word;

	if (!config_setting_is_list(setting)) {
		loader_error(loader, setting, "write (\"field\", \"operator\", \"value\")",
			"a condition must be in round brackets");
		return NULL;
	}
	word = config_setting_get_string_elem(setting, 0);
	if (word && find_composite(word, &type))
		return read_composite(loader, setting, type, kind);
	return read_test(&reader);
}

struct condition *load_match(struct loader *loader, const config_setting_t *match, enum kind kind)
{
	if (!config_setting_is_list(match) || config_setting_length(match) == 0) {
		loader_error(loader, match,
			"write match = ( (\"field\", \"operator\", \"value\") );",
			"`match` must be a list of at least one condition");
		return NULL;
	}
	if (config_setting_get_string_elem(match, 0)) {
		loader_error(loader, match,
			"write match = ( (\"field\", \"operator\", \"value\") );",
			"`match` is a list of conditions, each in brackets of its own");
		return NULL;
	}
	return read_children(loader, match, 0, kind);
}
