/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the golden files cannot show: several files, what is kept, and hostile texts. */
#include "lib/rules.h"
#include "rules/scan.h"
#include "unit/rules_helper.h"

#define GROUP(name) "groups = ( { name = \"" name "\"; kind = \"pci\"; } );"
#define RULE(name, group)                                                                          \
	"rules = ( { name = \"" name "\"; group = \"" group                                        \
	"\"; match = ( (\"driver\", \"eq\", \"\") ); } );"

static const struct rule_error *error_at(const struct loaded *loaded, size_t at)
{
	assert_true(at < loaded->errors.errors.count);
	return loaded->errors.errors.items[at];
}

static void test_groups_of_any_file(void **state)
{
	struct loaded loaded = {0};
	const struct rule *rule;

	(void)state;
	load_strings(
		&loaded, (const char *const[]){RULE("one", "z"), GROUP("a") "\n" RULE("two", "z"),
				 "\n\n" GROUP("z") RULE("three", "a"), "", NULL});
	assert_int_equal(loaded.result, 0);
	assert_int_equal(loaded.ruleset->rules.count, 3);
	assert_int_equal(loaded.ruleset->groups.count, 2);
	rule = loaded.ruleset->rules.items[1];
	assert_int_equal(rule->number, 2);
	assert_string_equal(rule->name->bytes, "two");
	assert_string_equal(rule->file->bytes, "b.conf");
	assert_int_equal(rule->line, 2);
	assert_true(rule->enabled);
	assert_ptr_equal(rule->group, ruleset_find_group(loaded.ruleset, "z"));
	assert_string_equal(rule->group->file->bytes, "c.conf");
	assert_int_equal(rule->group->line, 3);
	assert_string_equal(ruleset_find_group(loaded.ruleset, "a")->name->bytes, "a");
	assert_null(ruleset_find_group(loaded.ruleset, "m"));
	assert_int_equal(loaded.ruleset->findings.count, 0);
	unload(&loaded);
}

static void test_group_defaults(void **state)
{
	struct loaded loaded = {0};
	const struct resource_group *group;

	(void)state;
	load_string(&loaded, "groups = ( { name = \"p\"; kind = \"pci\"; },"
			     "{ name = \"u\"; kind = \"usb\"; } );");
	assert_int_equal(loaded.result, 0);
	group = ruleset_find_group(loaded.ruleset, "p");
	assert_int_equal(group->kind, KIND_PCI);
	assert_string_equal(group->driver->bytes, "vfio-pci");
	assert_string_equal(group->description->bytes, "");
	assert_false(group->bind_on_join);
	assert_false(group->all_functions);
	assert_int_equal(group->select, SELECT_FIRST);
	assert_int_equal(group->allow.count, 0);
	assert_int_equal(group->owners.count, 0);
	assert_int_equal(group->unsafe, 0);
	assert_int_equal(group->return_grace, -1);
	assert_false(group->cdi);
	group = ruleset_find_group(loaded.ruleset, "u");
	assert_int_equal(group->kind, KIND_USB);
	assert_string_equal(group->driver->bytes, "keep");
	unload(&loaded);
}

static void test_group_keys(void **state)
{
	struct loaded loaded = {0};
	const struct group_owner *owner;
	const struct resource_group *group;

	(void)state;
	load_string(&loaded,
		"groups = ( { name = \"p\"; kind = \"pci\"; driver = \"keep\"; bind = \"join\";"
		"functions = \"all\"; select = \"pack\"; allow = ( \"a\", \"@b\" );"
		"owners = ( \"vm:x\", (\"tenant:y\", 4) ); unsafe = ( \"host-swap\", \"host-swap\" "
		");"
		"return_grace = 60; cdi = true; description = \"d\"; } );");
	assert_int_equal(loaded.result, 0);
	group = ruleset_find_group(loaded.ruleset, "p");
	assert_string_equal(group->driver->bytes, "keep");
	assert_string_equal(group->description->bytes, "d");
	assert_true(group->bind_on_join);
	assert_true(group->all_functions);
	assert_int_equal(group->select, SELECT_PACK);
	assert_int_equal(group->allow.count, 2);
	assert_string_equal(((struct text *)group->allow.items[1])->bytes, "@b");
	assert_int_equal(group->owners.count, 2);
	owner = group->owners.items[0];
	assert_string_equal(owner->pattern->bytes, "vm:x");
	assert_int_equal(owner->most, -1);
	owner = group->owners.items[1];
	assert_string_equal(owner->pattern->bytes, "tenant:y");
	assert_int_equal(owner->most, 4);
	assert_int_equal(group->unsafe, 1u << REASON_HOST_SWAP);
	assert_int_equal(group->return_grace, 60);
	assert_true(group->cdi);
	unload(&loaded);
}

static void test_errors_by_file_and_line(void **state)
{
	struct loaded loaded = {0};

	(void)state;
	load_strings(&loaded, (const char *const[]){"rules = (\n7,\n8 );\ngroups = ( 5 );", "x = ;",
				      "y = 5;\n" GROUP("g") "\n" RULE("r", "h"), NULL});
	assert_int_equal(loaded.result, LOAD_INVALID);
	assert_null(loaded.ruleset);
	assert_int_equal(loaded.errors.errors.count, 6);
	assert_string_equal(error_at(&loaded, 0)->file, "a.conf");
	assert_int_equal(error_at(&loaded, 0)->line, 2);
	assert_int_equal(error_at(&loaded, 1)->line, 3);
	assert_int_equal(error_at(&loaded, 2)->line, 4);
	assert_string_equal(error_at(&loaded, 3)->file, "b.conf");
	assert_string_equal(error_at(&loaded, 4)->file, "c.conf");
	assert_int_equal(error_at(&loaded, 4)->line, 1);
	assert_int_equal(error_at(&loaded, 5)->line, 3);
	assert_string_equal(error_at(&loaded, 5)->message, "there is no group `h`");
	assert_string_equal(error_at(&loaded, 5)->hint, "did you mean `g`?");
	unload(&loaded);
}

static void test_both_places_of_a_name(void **state)
{
	struct loaded loaded = {0};

	(void)state;
	load_strings(&loaded, (const char *const[]){"\n" GROUP("g") RULE("r", "g"), GROUP("g"),
				      RULE("r", "g"), NULL});
	assert_int_equal(loaded.result, LOAD_INVALID);
	assert_int_equal(loaded.errors.errors.count, 2);
	assert_string_equal(error_at(&loaded, 0)->file, "b.conf");
	assert_string_equal(
		error_at(&loaded, 0)->message, "group `g` is defined at a.conf:2 already");
	assert_string_equal(error_at(&loaded, 1)->file, "c.conf");
	assert_string_equal(error_at(&loaded, 1)->message,
		"rule `r` of group `g` is defined at a.conf:2 already");
	unload(&loaded);
}

static void test_names(void **state)
{
	char name[66] = {0};
	static const struct {
		const char *name;
		bool want;
	} cases[] = {{"a", true}, {"A-z_0.9", true}, {"..", true}, {"a b", false}, {"a/b", false},
		{"\xc3\xa4", false}, {"", false}, {"a:", false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases) + 2; i++) {
		bool fixed = i < ARRAY_LENGTH(cases);
		struct buffer text = {0};
		struct loaded loaded = {0};

		if (!fixed)
			memset(name, 'n', i == ARRAY_LENGTH(cases) ? 64 : 65);
		buffer_format(&text, "groups = ( { name = \"%s\"; kind = \"pci\"; } );",
			fixed ? cases[i].name : name);
		load_string(&loaded, buffer_string(&text));
		if ((loaded.result == 0) != (fixed ? cases[i].want : strlen(name) == 64))
			fail_msg("%s", buffer_string(&text));
		buffer_done(&text);
		unload(&loaded);
	}
}

static void test_properties(void **state)
{
	struct loaded loaded = {0};
	static const char *const want[] = {"A", "B", "ID_SERIAL"};

	(void)state;
	load_match_string(&loaded, "pci",
		"(\"udev.ID_SERIAL\", \"eq\", \"x\"), (\"udev.B\", \"eq\", \"x\"),"
		"(\"any\", (\"udev.A\", \"ct\", \"x\"), (\"udev.B\", \"eq\", \"y\"))");
	assert_int_equal(loaded.ruleset->properties.count, ARRAY_LENGTH(want));
	for (size_t i = 0; i < ARRAY_LENGTH(want); i++)
		assert_string_equal(
			((struct text *)loaded.ruleset->properties.items[i])->bytes, want[i]);
	unload(&loaded);
}

/* Each costs memory for each device and for all rules: the text's size alone bounds neither. */
static void test_properties_are_bounded(void **state)
{
	(void)state;
	for (unsigned most = 256; most <= 257; most++) {
		struct buffer match = {0};
		struct buffer text = {0};
		struct loaded loaded = {0};

		for (unsigned i = 0; i < 2 * most; i++)
			buffer_format(
				&match, "%s(\"udev.K%u\", \"ne\", \"x\")", i ? "," : "", i % most);
		buffer_format(&text,
			GROUP("g") "rules = ( { name = \"r\"; group = \"g\"; match = ( %s ); } );",
			buffer_string(&match));
		load_string(&loaded, buffer_string(&text));
		assert_int_equal(loaded.result, most == 256 ? 0 : LOAD_INVALID);
		/* the one that is too many, each time it is named */
		assert_int_equal(loaded.errors.errors.count, most == 256 ? 0 : 2);
		for (size_t i = 0; i < loaded.errors.errors.count; i++)
			assert_string_equal(error_at(&loaded, i)->message,
				"`udev.K256` is too many: rules name at most 256 udev properties");
		buffer_done(&match);
		buffer_done(&text);
		unload(&loaded);
	}
}

static void test_findings(void **state)
{
	struct loaded loaded = {0};
	const struct finding *finding;

	(void)state;
	load_string(&loaded,
		"groups = ( { name = \"b\"; kind = \"pci\"; },\n"
		"{ name = \"a\"; kind = \"pci\"; }, { name = \"c\"; kind = \"pci\"; } );"
		"rules = ( { name = \"r\"; group = \"b\"; match = ( (\"driver\", \"eq\", \"\") ); "
		"},"
		"{ name = \"r\"; group = \"a\"; enabled = false; match = ( (\"driver\", \"eq\", "
		"\"\") ); } );");
	assert_int_equal(loaded.result, 0);
	assert_int_equal(loaded.ruleset->findings.count, 2);
	finding = loaded.ruleset->findings.items[0];
	assert_string_equal(finding->code, "empty-group");
	assert_string_equal(finding->level, "warning");
	assert_string_equal(finding->file->bytes, "a.conf");
	assert_int_equal(finding->line, 2);
	assert_non_null(strstr(finding->message->bytes, "`a`"));
	assert_non_null(strstr(finding->fix->bytes, "\"a\""));
	unload(&loaded);
}

/* Texts that libconfig must not see, or that only size makes hostile. */
/* Some releases of libconfig want a line end behind a comment. */
static void test_comment_at_the_end(void **state)
{
	static const char *const texts[] = {"# a comment", "// a comment", "/* a comment */", "#",
		GROUP("g") " # a comment", GROUP("g") "\n// a comment"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		struct loaded loaded = {0};

		load_string(&loaded, texts[i]);
		if (loaded.result != 0)
			fail_msg("%s: %s", texts[i], error_at(&loaded, 0)->message);
		unload(&loaded);
	}
}

static void test_hostile(void **state)
{
	static const struct {
		const char *what;
		const char *head;
		const char *repeated;
		size_t times;
		const char *tail;
		size_t errors;
	} cases[] = {
		{"brackets", "", "(", 4 << 20, "", 1},
		{"closed brackets", "", "()", 2 << 20, "", 1},
		{"depth 16", "x = ", "(", 16, "))))))))))))))));", 1},
		{"depth 17", "x = ", "(", 17, ")))))))))))))))));", 1},
		{"settings", "groups = ( {", "a = 1;", 36000, "} );", 1},
		{"settings at the top", "", "a = 1;", 65, "", 1},
		{"quotes", "", "\"", 4 << 20, "", 1},
		{"backslashes", "a = \"", "\\", (4 << 20) - 10, "", 1},
		{"slashes", "", "/", 4 << 20, "", 0},
		{"open comments", "", "/*", 2 << 20, "", 1},
		{"lines", "", "\n", 4 << 20, "@include \"/dev/zero\"", 1},
		{"at signs", "", "@", 4 << 20, "", 1},
		{"empty rules", "rules = ( {}", ", {}", 50000, " );", RULE_ERRORS_MOST + 1},
		{"unknown groups", "rules = ( 1", ", { group = \"nonesuch\"; }", 20000, " );",
			RULE_ERRORS_MOST + 1},
		{"numbers", "rules = 1; x = ( 1", ", 1", 100000, " );", 2},
		{"a long word", "x", "x", 1 << 20, " = 1;", 1},
		{"a long name", "groups = ( { name = \"", "n", 1 << 20, "\"; kind = \"pci\"; } );",
			1},
		{"wide integers", "x = ( 1", ", 9999999999", 300000, " );", RULE_ERRORS_MOST + 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct buffer text = {0};
		struct loaded loaded = {0};

		buffer_add_string(&text, cases[i].head);
		for (size_t n = 0; n < cases[i].times; n++)
			buffer_add_string(&text, cases[i].repeated);
		buffer_add_string(&text, cases[i].tail);
		load_string(&loaded, buffer_string(&text));
		if (loaded.errors.errors.count != cases[i].errors)
			fail_msg("%s: %zu errors", cases[i].what, loaded.errors.errors.count);
		assert_int_equal(loaded.result, cases[i].errors > 0 ? LOAD_INVALID : 0);
		buffer_done(&text);
		unload(&loaded);
	}
}

static void test_deepest_nesting(void **state)
{
	struct buffer match = {0};
	struct loaded loaded = {0};

	(void)state;
	/* rules ( { match ( and the test itself are four */
	for (int i = 0; i < 12; i++)
		buffer_add_string(&match, "(\"not\", ");
	buffer_add_string(&match, "(\"driver\", \"eq\", \"\")");
	for (int i = 0; i < 12; i++)
		buffer_add_byte(&match, ')');
	load_match_string(&loaded, "pci", buffer_string(&match));
	buffer_done(&match);
	unload(&loaded);
}

static void test_many_rules(void **state)
{
	struct buffer text = {0};
	struct loaded loaded = {0};
	const struct rule *last;

	(void)state;
	buffer_add_string(&text, GROUP("g") "rules = (\n");
	for (int i = 0; i < 20000; i++)
		buffer_format(&text,
			"%s{ name = \"r%d\"; group = \"g\";\n\n\nmatch = ( (\"driver\", \"eq\", "
			"\"%d\") ); }\n",
			i > 0 ? "," : "", i, i);
	buffer_add_string(&text, ");");
	load_string(&loaded, buffer_string(&text));
	assert_int_equal(loaded.result, 0);
	assert_int_equal(loaded.ruleset->rules.count, 20000);
	last = loaded.ruleset->rules.items[19999];
	assert_int_equal(last->number, 20000);
	assert_int_equal(last->line, 2 + 4 * 19999); /* beyond 16 bits */
	buffer_done(&text);
	unload(&loaded);
}

static void test_scan_integers(void **state)
{
	static const struct {
		const char *text;
		bool want;
	} cases[] = {{"2147483647", true}, {"2147483648", false}, {"-2147483648", true},
		{"-2147483649", false}, {"+2147483647", true}, {"+2147483648", false},
		{"00000000000000000001", false}, {"0x7fffffff", true}, {"0X80000000", false},
		{"2147483648L", false}, {"1LL", true}, {"0xfL", true}, {"9999999999.0", true},
		{"99999999999999999999999999", false}, {"\"9999999999\"", true},
		{"a9999999999", true}, {"# 9999999999", true}, {"/* 9999999999 */", true},
		{"1e99", true}, {"-", true}, {"0x", true}, {"L", true}, {"-L", true}, {"7-", true},
		{"0", true}, {"0L", true}, {"00", false}, {"-012", false}, {"089LL", false},
		{"0099999999999", false}, {"0.5", true}, {"00.5", true}, {"0b11", false},
		{"0Q7", false}, {"+0o7", false}, {"0x012", true}, {"\"012\"", true}, {"a012", true},
		{"1,2", true}, {"1,,2", false}, {"1, /* */ ,2", false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct rule_text text = {(char *)"f", (char *)cases[i].text, strlen(cases[i].text)};
		struct rule_errors errors = {0};

		if (scan_text(&text, &errors) != cases[i].want)
			fail_msg("%s: want %d", cases[i].text, cases[i].want);
		assert_int_equal(errors.errors.count, !cases[i].want);
		rule_errors_done(&errors);
	}
}

/* What a rule file says goes to terminals. */
static void test_messages_are_clean(void **state)
{
	struct loaded loaded = {0};

	(void)state;
	load_string(&loaded, "rules = ( { name = \"r\"; group = \"\\x1b[2J\\xff\"; match = ( "
			     "(\"a\\x07\", \"eq\", \"\") ); } );");
	assert_int_equal(loaded.result, LOAD_INVALID);
	for (size_t i = 0; i < loaded.errors.errors.count; i++) {
		for (const char *at = error_at(&loaded, i)->message; *at; at++)
			assert_true((unsigned char)*at >= 0x20);
		for (const char *at = error_at(&loaded, i)->hint; *at; at++)
			assert_true((unsigned char)*at >= 0x20);
	}
	unload(&loaded);
}

/* All errors are told, but the nearest name is not looked for 100,000 times. */
static void test_help_is_bounded(void **state)
{
	struct loaded loaded = {0};
	struct buffer text = {0};

	(void)state;
	buffer_add_string(&text, "groups = ( { name = \"group\"; kind = \"pci\"; } );\nrules = (");
	for (unsigned i = 0; i < 150; i++)
		buffer_format(&text,
			"%s{ name = \"r%u\"; group = \"gruop\"; match = ( (\"slot\", \"bw\", "
			"\"0\") "
			"); }",
			i ? "," : "", i);
	buffer_add_string(&text, ");");
	load_string(&loaded, buffer_string(&text));
	assert_int_equal(loaded.errors.errors.count, 150);
	assert_string_equal(error_at(&loaded, 99)->hint, "did you mean `group`?");
	assert_null(strstr(error_at(&loaded, 100)->hint, "did you mean"));
	assert_string_equal(error_at(&loaded, 149)->message, "there is no group `gruop`");
	buffer_done(&text);
	unload(&loaded);
}

static void test_empty_ruleset(void **state)
{
	struct loaded loaded = {0};
	struct facts *facts = make_facts(&loaded, KIND_MASK(KIND_PCI));
	struct ruleset *ruleset = ruleset_new();

	(void)state;
	assert_null(rules_evaluate(&ruleset->rules, facts));
	assert_null(ruleset_find_group(ruleset, "g"));
	assert_null(ruleset_free(ruleset));
	assert_null(ruleset_free(NULL));
	assert_null(condition_free(NULL));
	assert_null(group_free(NULL));
	assert_null(rule_free(NULL));
	facts_unref(facts);
	unload(&loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_groups_of_any_file),
		cmocka_unit_test(test_group_defaults),
		cmocka_unit_test(test_group_keys),
		cmocka_unit_test(test_errors_by_file_and_line),
		cmocka_unit_test(test_both_places_of_a_name),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_properties),
		cmocka_unit_test(test_properties_are_bounded),
		cmocka_unit_test(test_findings),
		cmocka_unit_test(test_comment_at_the_end),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_deepest_nesting),
		cmocka_unit_test(test_many_rules),
		cmocka_unit_test(test_scan_integers),
		cmocka_unit_test(test_messages_are_clean),
		cmocka_unit_test(test_help_is_bounded),
		cmocka_unit_test(test_empty_ruleset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
