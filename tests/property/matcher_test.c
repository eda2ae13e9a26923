/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random rules and devices: the matcher names the rule that the plain evaluator finds, while
 * devices come, change and go, so that values leave and return, and while the rules before are
 * still asked beside the new ones.
 *
 * What rules are made of is counted: a run of many cases fails if it never met an operator on a
 * type, or one of the shapes below.
 */
#include "base/memory.h"
#include "lib/cases.h"
#include "lib/random_rules.h"
#include "lib/rules.h"
#include "lib/unit.h"
#include "rules/ruleset.h"

#include <stdio.h>
#include <string.h>

#define DEVICES 6
#define TYPES	(VALUE_VERSION + 1)

enum shape {
	SHAPE_NOT,
	SHAPE_ANY,
	SHAPE_ALL,
	SHAPE_NESTED,	 /* one of these in one of these in one of these */
	SHAPE_PROPERTY,	 /* a test of a udev property */
	SHAPE_HEX_CUT_2, /* class_hex by so many digits, compared */
	SHAPE_HEX_CUT_4,
	SHAPE_HEX_WHOLE,
	SHAPE_DISABLED,	  /* a disabled rule */
	SHAPE_TOO_MANY,	  /* a match of too many clauses, refused */
	SHAPE_CROWD,	  /* so many rules name one value that it is no way to find them */
	SHAPE_LONG,	  /* a rule of many conditions */
	SHAPE_TWO_KINDS,  /* a device of two kinds with rules of both */
	SHAPE_NONE_HOLDS, /* decisions: no rule, the first, a later one, one of the other kind */
	SHAPE_FIRST_HOLDS,
	SHAPE_LATER_HOLDS,
	SHAPE_OTHER_KIND_HOLDS,
	SHAPE_LIMIT_HIT, /* a regex was given up */
	SHAPE_COUNT,
};

static unsigned long met_shapes[SHAPE_COUNT];
static unsigned long met_tests[OP_COUNT][TYPES];

static const char *const texts[] = {"", "a", "A", "ab", "bA", "Tesla T4", "tesla", "\u00fc",
	"\u00dc", "k\u212a", "0000", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"};
static const char *const lists[] = {
	"", "usbhid", "usbhid,btusb", "btusb,usbhid", "a,b,A", "a,", ",a", "x,aaaaaaaaaaaaaaaaaa!"};
static const char *const elements[] = {"", "usbhid", "btusb", "a", "b", "uas"};
static const char *const addresses[] = {
	"0000:01:00.0", "0000:01:00.1", "0000:02:00.0", "0000:a1:1f.7", "10000:01:00.0"};
static const char *const bytes[] = {"00", "01", "03", "a1", "ff"};
static const char *const words[] = {"046d", "046e", "1d6b", "ffff"};
static const char *const classes[] = {"020000", "030000", "030200", "0c0330"};
static const char *const class_starts[] = {"02", "03", "0302", "0c03", "030000", "0c0330"};
static const char *const numbers[] = {"0", "1", "1.5", "12", "480", "-1"};
static const char *const pairs[] = {"10de:1eb8", "10de:1eb9", "8086:10c9", "8086:1521"};
static const char *const versions[] = {"1.1", "2.0", "2.01", "2.1", "3.2"};
static const char *const parts[] = {"", "0", "00", "01", "a", "A", "b", ":", ".", "1", "e", "t4",
	"usb", "K", "\u00dc", "s", "10de", "aaa!"};
static const char *const regexes[] = {"", "^$", "^a", "a$", "b|A", "[0-9]+", "^(a+)+$", "\u00fc",
	"(?i)TESLA", ",", "^.$", "\\\\.0$", "usb", "10de:1eb[89]", "^[^a]*$", "x*y?Tesla"};

#define PICK(array) ((array)[random_below(ARRAY_LENGTH(array))])

static struct text_pool pool;

/* A value that a device may have in a field; NULL: absent. */
static const char *device_value(enum field field)
{
	if (random_below(5) == 0)
		return NULL;
	switch (field_describe(field)->type) {
	case VALUE_TEXT:
		return PICK(texts);
	case VALUE_LIST:
		return PICK(lists);
	case VALUE_ADDRESS:
		return PICK(addresses);
	case VALUE_HEX:
		return field == FIELD_CLASS_HEX		    ? PICK(classes)
		       : field_describe(field)->digits == 2 ? PICK(bytes)
							    : PICK(words);
	case VALUE_NUMBER:
		return PICK(numbers);
	case VALUE_ID_PAIR:
		return PICK(pairs);
	case VALUE_VERSION:
		return PICK(versions);
	}
	return NULL;
}

/* A value that a test that compares may have. */
static const char *rule_value(enum field field)
{
	const char *value;

	if (field < FIELD_COUNT && field_describe(field)->type == VALUE_LIST)
		return PICK(elements);
	if (field == FIELD_CLASS_HEX)
		return PICK(class_starts);
	do
		value = field < FIELD_COUNT ? device_value(field) : PICK(texts);
	while (!value);
	return value;
}

/* A few fields of a kind, so that rules and devices meet; FIELD_COUNT: a udev property. */
static enum field random_field(enum kind kind)
{
	enum field field;

	if (random_below(12) == 0)
		return FIELD_COUNT;
	do
		field = random_below(FIELD_COUNT);
	while (!(field_describe(field)->kinds & KIND_MASK(kind)));
	return field;
}

static void meet_test(enum field field, enum op op, const char *value)
{
	enum value_type type = field < FIELD_COUNT ? field_describe(field)->type : VALUE_TEXT;

	met_tests[op][type]++;
	met_shapes[SHAPE_PROPERTY] += field == FIELD_COUNT;
	if (field == FIELD_CLASS_HEX && op_compares(op))
		met_shapes[strlen(value) == 2	? SHAPE_HEX_CUT_2
			   : strlen(value) == 4 ? SHAPE_HEX_CUT_4
						: SHAPE_HEX_WHOLE]++;
}

static void add_test(struct buffer *text, enum kind kind)
{
	enum field field = random_field(kind);
	enum op op = random_below(3) ? random_below(OP_COUNT) : OP_EQUAL;
	const char *value = op_compares(op)  ? rule_value(field)
			    : op == OP_REGEX ? PICK(regexes)
					     : PICK(parts);

	meet_test(field, op, value);
	buffer_format(text, "(\"%s\",\"%s\",\"%s\")",
		field < FIELD_COUNT ? field_describe(field)->name
		: random_below(2)   ? "udev.ONE"
				    : "udev.TWO",
		op_name(op), value);
}

static void add_condition(struct buffer *text, enum kind kind, unsigned depth);

static void add_children(struct buffer *text, enum kind kind, unsigned depth, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		buffer_add_byte(text, ',');
		add_condition(text, kind, depth);
	}
	buffer_add_byte(text, ')');
}

/* Alternatives for one field, which are one condition. */
static void add_values(struct buffer *text, enum kind kind)
{
	const char *key = random_below(2) ? "device" : "driver";
	unsigned count = 1 + random_below(4);

	if (kind == KIND_USB || kind == KIND_VGPU)
		key = kind == KIND_USB ? "path" : "vendor";
	buffer_add_string(text, "(\"any\"");
	for (unsigned i = 0; i < count; i++)
		buffer_format(text, ",(\"%s\",\"%s\",\"%s\")", key, random_below(6) ? "eq" : "bw",
			PICK(texts));
	buffer_add_byte(text, ')');
	met_shapes[SHAPE_ANY]++;
}

static void add_condition(struct buffer *text, enum kind kind, unsigned depth)
{
	unsigned choice = random_below(depth > 0 ? 12 : 6);

	if (choice < 5) {
		add_test(text, kind);
	} else if (choice == 5) {
		add_values(text, kind);
	} else if (choice < 8) {
		met_shapes[SHAPE_NOT]++;
		buffer_add_string(text, "(\"not\"");
		add_children(text, kind, depth - 1, 1);
	} else if (choice < 10) {
		met_shapes[SHAPE_ANY]++;
		buffer_add_string(text, "(\"any\"");
		add_children(text, kind, depth - 1, 1 + random_below(5));
	} else {
		met_shapes[SHAPE_ALL]++;
		buffer_add_string(text, "(\"all\"");
		add_children(text, kind, depth - 1, 1 + random_below(3));
	}
	met_shapes[SHAPE_NESTED] += depth == 1 && choice > 5;
}

static void add_rule(struct buffer *text, unsigned number, bool crowd)
{
	enum kind kind = random_below(KIND_COUNT);
	bool enabled = random_below(6);
	unsigned conditions = random_below(40) ? 1 + random_below(3) : 10;

	met_shapes[SHAPE_DISABLED] += !enabled;
	met_shapes[SHAPE_LONG] += conditions == 10;
	buffer_format(text, "%s{name=\"r%u\";group=\"%s\";enabled=%s;match=(", number ? "," : "",
		number, kind_name(kind), enabled ? "true" : "false");
	if (crowd && kind != KIND_USB)
		buffer_add_string(text, "(\"vendor_device\",\"eq\",\"10de:1eb8\"),");
	for (unsigned i = 0; i < conditions; i++) {
		buffer_add_string(text, i ? "," : "");
		add_condition(text, kind, conditions == 10 ? 0 : 3);
	}
	buffer_add_string(text, ");}");
}

static void add_rules(struct buffer *text)
{
	bool crowd = random_below(60) == 0;
	unsigned count = crowd ? 120 + random_below(80) : 1 + random_below(8);

	met_shapes[SHAPE_CROWD] += crowd;
	buffer_add_string(text, "groups=(");
	for (enum kind kind = 0; kind < KIND_COUNT; kind++)
		buffer_format(text, "%s{name=\"%s\";kind=\"%s\";}", kind ? "," : "",
			kind_name(kind), kind_name(kind));
	buffer_add_string(text, ");rules=(");
	for (unsigned i = 0; i < count; i++)
		add_rule(text, i, crowd);
	buffer_add_string(text, ");");
}

static struct ruleset *next_rules(void)
{
	struct load_options options = {.pool = &pool, .regex_match_limit = 100};

	return random_rules(add_rules, &options, &met_shapes[SHAPE_TOO_MANY]);
}

static struct facts *random_facts(unsigned number)
{
	static const unsigned kinds[DEVICES] = {KIND_MASK(KIND_PCI), KIND_MASK(KIND_PCI),
		KIND_MASK(KIND_USB), KIND_MASK(KIND_USB),
		KIND_MASK(KIND_PCI) | KIND_MASK(KIND_SRIOV_NIC), KIND_MASK(KIND_VGPU)};
	struct facts *facts = facts_new(text_intern_string(&pool, "id"), kinds[number]);

	for (enum field field = 0; field < FIELD_COUNT; field++) {
		const char *value = device_value(field);

		if (value && (field_describe(field)->kinds & facts->kinds))
			facts_set(facts, &pool, field, value);
	}
	if (random_below(2))
		facts_add_property(facts, &pool, "ONE", PICK(texts));
	if (random_below(2))
		facts_add_property(facts, &pool, "TWO", PICK(texts));
	return facts;
}

static void meet_decision(const struct rule *rule, const struct facts *facts)
{
	if (!rule)
		met_shapes[SHAPE_NONE_HOLDS]++;
	else
		met_shapes[rule->number == 1 ? SHAPE_FIRST_HOLDS : SHAPE_LATER_HOLDS]++;
	if (facts->kinds & KIND_MASK(KIND_SRIOV_NIC)) {
		met_shapes[SHAPE_TWO_KINDS]++;
		met_shapes[SHAPE_OTHER_KIND_HOLDS] += rule && rule->group->kind == KIND_SRIOV_NIC;
	}
}

static void check(const struct ruleset *ruleset, struct facts *const *devices)
{
	for (unsigned i = 0; i < DEVICES; i++) {
		const struct rule *want;
		const struct rule *is;

		if (!devices[i])
			continue;
		want = rules_evaluate(&ruleset->rules, devices[i]);
		is = ruleset_decide(ruleset, devices[i]);
		if (is != want)
			fail_msg("device %u: rule %u decides, should %u", i, is ? is->number : 0,
				want ? want->number : 0);
		meet_decision(is, devices[i]);
	}
}

static void replace_rules(struct ruleset **rulesets, struct ruleset *ruleset)
{
	if (rulesets[1])
		met_shapes[SHAPE_LIMIT_HIT] += rulesets[1]->limit_hits > 0;
	ruleset_free(rulesets[1]);
	rulesets[1] = rulesets[0];
	rulesets[0] = ruleset;
}

static void run_case(void)
{
	struct facts *devices[DEVICES] = {0};
	struct ruleset *rulesets[2] = {0}; /* in force, and before */

	pool = (struct text_pool){0};
	for (unsigned step = 0; step < 24; step++) {
		unsigned number = random_below(DEVICES);

		if (step % 12 == 0)
			replace_rules(rulesets, next_rules());
		facts_unref(devices[number]);
		devices[number] = random_below(4) ? random_facts(number) : NULL;
		check(rulesets[0], devices);
		if (rulesets[1])
			check(rulesets[1], devices);
	}
	for (unsigned i = 0; i < DEVICES; i++)
		facts_unref(devices[i]);
	replace_rules(rulesets, NULL);
	replace_rules(rulesets, NULL);
	text_pool_done(&pool);
}

static void check_coverage(void)
{
	for (enum op op = 0; op < OP_COUNT; op++)
		for (enum value_type type = 0; type < TYPES; type++)
			if (!met_tests[op][type])
				fail_msg("never met: %s on %s", op_name(op), value_type_name(type));
	for (enum shape shape = 0; shape < SHAPE_COUNT; shape++)
		if (!met_shapes[shape])
			fail_msg("never met: shape %d", shape);
}

static void decides_as_the_plain_evaluator(void **state)
{
	(void)state;
	cases_run(run_case, 10000);
	if (cases_are_many())
		check_coverage();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(decides_as_the_plain_evaluator, cases_tell_seed),
	};

	return cmocka_run_group_tests_name("matcher", tests, NULL, NULL);
}
