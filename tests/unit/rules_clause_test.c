/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A match as clauses: what is split, what stays whole, and where `not` goes. */
#include "rules/clause.h"
#include "rules/op.h"
#include "unit/rules_helper.h"

static void write_condition(struct buffer *out, const struct condition *condition)
{
	static const char *const words[] = {
		[CONDITION_ANY] = "any", [CONDITION_ALL] = "all", [CONDITION_NOT] = "not"};

	if (condition->type == CONDITION_TEST) {
		condition_field_name(condition, out);
		buffer_format(out, " %s %s", op_name(condition->op), condition->value->bytes);
		return;
	}
	buffer_format(out, "%s(", words[condition->type]);
	for (size_t i = 0; i < condition->children.count; i++) {
		buffer_add_string(out, i ? ", " : "");
		write_condition(out, condition->children.items[i]);
	}
	buffer_add_byte(out, ')');
}

/* One clause a line, its literals with ` & ` between them, `!` before what must not hold. */
static void write_clauses(struct buffer *out, const struct clause_list *list)
{
	for (unsigned clause = 0; clause < list->clauses; clause++) {
		const char *separator = clause ? "\n" : "";

		for (size_t i = 0; i < list->count; i++) {
			const struct literal *literal = &list->literals[i];

			if (!(literal->clauses >> clause & 1))
				continue;
			buffer_format(out, "%s%s", separator, literal->negated ? "!" : "");
			write_condition(out, literal->condition);
			separator = " & ";
		}
	}
}

/* D and C are tests of two fields, as in the table below. */
#define D(value) "(\"driver\",\"eq\",\"" value "\")"
#define C(value) "(\"class\",\"eq\",\"" value "\")"
#define V(value) "(\"vendor\",\"lt\",\"" value "\")"
#define P(key)	 "(\"udev." key "\",\"ne\",\"x\")"

static const struct {
	const char *what;
	const char *match;
	const char *want;
} splits[] = {
	{"one test", D("a"), "driver equal a"},
	{"what must hold together stands together", D("a") "," C("b"),
		"driver equal a & class equal b"},
	{"so it does in all", "(\"all\"," D("a") ",(\"all\"," C("b") "," D("c") "))",
		"driver equal a & class equal b & driver equal c"},
	{"any of two fields", "(\"any\"," D("a") "," C("b") ")", "driver equal a\nclass equal b"},
	{"any of one field stays one condition", "(\"any\"," D("a") "," D("b") ")," C("c"),
		"any(driver equal a, driver equal b) & class equal c"},
	{"however deep", "(\"any\"," D("a") ",(\"all\"," D("b") ",(\"not\"," D("c") ")))",
		"any(driver equal a, all(driver equal b, not(driver equal c)))"},
	{"an any of one", "(\"any\",(\"all\"," D("a") "," D("b") "))",
		"driver equal a & driver equal b"},
	{"properties are fields of their own", "(\"any\"," P("A") "," P("B") "," P("A") ")",
		"udev.A not-equal x\nudev.B not-equal x\nudev.A not-equal x"},
	{"a whole part within others",
		"(\"any\",(\"any\"," D("a") "," D("b") "),(\"any\"," C("a") "," C("b") "))",
		"any(driver equal a, driver equal b)\nany(class equal a, class equal b)"},
	{"not keeps the operator", "(\"not\"," V("m") ")", "!vendor less m"},
	{"twice is nothing", "(\"not\",(\"not\"," V("m") "))", "vendor less m"},
	{"not any: none of them", "(\"not\",(\"any\"," D("a") "," V("m") "))",
		"!driver equal a & !vendor less m"},
	{"not all: one of them does not", "(\"not\",(\"all\"," D("a") "," V("m") "))",
		"!driver equal a\n!vendor less m"},
	{"not all of one field stays whole", "(\"not\",(\"all\"," D("a") "," D("b") "))",
		"!all(driver equal a, driver equal b)"},
	{"not goes through not",
		"(\"not\",(\"any\",(\"not\"," D("a") "),(\"all\"," V("m") "," C("b") ")))",
		"driver equal a & !vendor less m\ndriver equal a & !class equal b"},
	{"alternatives combine, and what is common is in each",
		D("a") ",(\"any\"," C("b") "," V("c") "),(\"any\"," C("d") "," V("e") ")",
		"driver equal a & class equal b & class equal d\n"
		"driver equal a & vendor less c & class equal d\n"
		"driver equal a & class equal b & vendor less e\n"
		"driver equal a & vendor less c & vendor less e"},
	{"alternatives of several conditions",
		"(\"any\",(\"all\"," D("a") ",(\"any\"," C("b") "," V("c") "))," C("d") ")",
		"driver equal a & class equal b\ndriver equal a & vendor less c\n"
		"class equal d"},
};

static void test_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(splits); i++) {
		struct loaded loaded = {0};
		struct clause_list list;
		struct buffer is = {0};
		const struct rule *rule;

		load_match_string(&loaded, "pci", splits[i].match);
		rule = loaded.ruleset->rules.items[0];
		clause_split(rule->match, &list);
		assert_int_equal(list.clauses, clause_count(rule->match));
		write_clauses(&is, &list);
		if (strcmp(buffer_string(&is), splits[i].want) != 0)
			fail_msg("%s: is\n%s\nshould be\n%s", splits[i].what, is.bytes,
				splits[i].want);
		clause_list_done(&list);
		buffer_done(&is);
		unload(&loaded);
	}
}

/* `count` alternatives, of two fields in turn. */
static void add_any(struct buffer *match, unsigned count)
{
	buffer_format(match, "%s(\"any\"", match->length ? "," : "");
	for (unsigned i = 0; i < count; i++)
		buffer_add_string(match, i % 2 ? "," D("a") : "," C("a"));
	buffer_add_byte(match, ')');
}

static void test_most(void **state)
{
	static const struct {
		unsigned factors[8];
		bool loads;
	} cases[] = {
		{{64}, true}, {{65}, false}, {{8, 8}, true}, {{13, 5}, false},
		{{2, 2, 2, 2, 2, 2}, true}, {{2, 2, 2, 2, 2, 2, 2}, false},
		{{64, 64, 64, 64, 64, 64, 64, 64}, false}, /* 2 to the 48th */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct loaded loaded = {0};
		struct buffer text = {0};
		struct buffer match = {0};

		for (unsigned j = 0; j < 8 && cases[i].factors[j]; j++)
			add_any(&match, cases[i].factors[j]);
		buffer_format(&text,
			"groups = ( { name = \"g\"; kind = \"pci\"; } );\n"
			"rules = ( { name = \"r\"; group = \"g\";\n match = ( %s ); } );",
			buffer_string(&match));
		load_string(&loaded, buffer_string(&text));
		assert_int_equal(loaded.result, cases[i].loads ? 0 : LOAD_INVALID);
		if (!cases[i].loads) {
			const struct rule_error *error = loaded.errors.errors.items[0];

			assert_int_equal(loaded.errors.errors.count, 1);
			assert_int_equal(error->line, 3);
		}
		buffer_done(&match);
		buffer_done(&text);
		unload(&loaded);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
