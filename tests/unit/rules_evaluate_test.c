/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/rules.h"
#include "rules/explain.h"
#include "rules/print.h"
#include "unit/rules_helper.h"

static const char *const two_kinds =
	"groups = ( { name = \"p\"; kind = \"pci\"; }, { name = \"u\"; kind = \"usb\"; } );"
	"rules = ("
	" { name = \"off\"; group = \"p\"; enabled = false; match = ( (\"driver\", \"ne\", \"x\") "
	"); },"
	" { name = \"usb\"; group = \"u\"; match = ( (\"serial\", \"ne\", \"x\") ); },"
	" { name = \"nvme\"; group = \"p\"; match = ( (\"driver\", \"eq\", \"nvme\"), "
	"(\"class_hex\", \"eq\", \"01\") ); },"
	" { name = \"disk\"; group = \"p\"; match = ( (\"class_hex\", \"eq\", \"01\") ); }"
	");";

static void test_first_rule_decides(void **state)
{
	static const struct {
		const char *what;
		unsigned kinds;
		const char *driver;
		const char *class_hex;
		const char *want; /* the rule's name; NULL: none */
	} cases[] = {
		{"both hold, the first counts", KIND_MASK(KIND_PCI), "nvme", "010802", "nvme"},
		{"only the later one holds", KIND_MASK(KIND_PCI), "ahci", "010601", "disk"},
		{"all conditions must hold", KIND_MASK(KIND_PCI), "nvme", "020000", NULL},
		{"absent fields", KIND_MASK(KIND_PCI), NULL, NULL, NULL},
		{"rules of another kind are not looked at", KIND_MASK(KIND_USB), NULL, NULL, "usb"},
		{"of two kinds, either's rules count", KIND_MASK(KIND_USB) | KIND_MASK(KIND_PCI),
			"nvme", "010802", "usb"},
		{"a device of no kind", 0, "nvme", "010802", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct loaded loaded = {0};
		struct facts *facts = make_facts(&loaded, cases[i].kinds);
		const struct rule *rule;

		load_string(&loaded, two_kinds);
		if (cases[i].driver)
			facts_set(facts, &loaded.pool, FIELD_DRIVER, cases[i].driver);
		if (cases[i].class_hex)
			facts_set(facts, &loaded.pool, FIELD_CLASS_HEX, cases[i].class_hex);
		rule = rules_evaluate(&loaded.ruleset->rules, facts);
		if ((rule == NULL) != (cases[i].want == NULL) ||
			(rule && !text_is(rule->name, cases[i].want)))
			fail_msg("%s: is %s", cases[i].what, rule ? rule->name->bytes : "none");
		facts_unref(facts);
		unload(&loaded);
	}
}

/* driver is `d`, class is absent */
static void test_nesting(void **state)
{
	static const struct {
		const char *match;
		bool want;
	} cases[] = {
		{"(\"any\", (\"driver\", \"eq\", \"x\"), (\"driver\", \"eq\", \"d\"))", true},
		{"(\"any\", (\"driver\", \"eq\", \"x\"), (\"driver\", \"eq\", \"y\"))", false},
		{"(\"any\", (\"driver\", \"eq\", \"d\"))", true},
		{"(\"all\", (\"driver\", \"eq\", \"d\"), (\"class\", \"ne\", \"c\"))", true},
		{"(\"all\", (\"driver\", \"eq\", \"d\"), (\"class\", \"eq\", \"c\"))", false},
		{"(\"not\", (\"driver\", \"eq\", \"d\"))", false},
		{"(\"not\", (\"driver\", \"eq\", \"x\"))", true},
		{"(\"not\", (\"class\", \"lt\", \"z\"))", true},
		{"(\"not\", (\"not\", (\"class\", \"lt\", \"z\")))", false},
		{"(\"not\", (\"any\", (\"driver\", \"eq\", \"x\"), (\"class\", \"eq\", \"c\")))",
			true},
		{"(\"not\", (\"all\", (\"driver\", \"eq\", \"d\"), (\"class\", \"ne\", \"c\")))",
			false},
		{"(\"any\", (\"all\", (\"driver\", \"eq\", \"d\"), (\"not\", (\"driver\", \"eq\", "
		 "\"d\"))),"
		 "(\"not\", (\"any\", (\"class\", \"eq\", \"c\"), (\"driver\", \"ew\", \"d\"))))",
			false},
		{"(\"driver\", \"eq\", \"d\"), (\"any\", (\"class\", \"eq\", \"c\"), (\"driver\", "
		 "\"bw\", \"d\"))",
			true},
		{"(\"driver\", \"eq\", \"x\"), (\"any\", (\"class\", \"eq\", \"c\"), (\"driver\", "
		 "\"bw\", \"d\"))",
			false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct loaded loaded = {0};
		struct facts *facts = make_facts(&loaded, KIND_MASK(KIND_PCI));

		facts_set(facts, &loaded.pool, FIELD_DRIVER, "d");
		load_match_string(&loaded, "pci", cases[i].match);
		if ((rules_evaluate(&loaded.ruleset->rules, facts) != NULL) != cases[i].want)
			fail_msg("%s: want %d", cases[i].match, cases[i].want);
		facts_unref(facts);
		unload(&loaded);
	}
}

static void test_properties(void **state)
{
	struct loaded loaded = {0};
	struct facts *with = make_facts(&loaded, KIND_MASK(KIND_USB));
	struct facts *without = make_facts(&loaded, KIND_MASK(KIND_USB));

	(void)state;
	load_match_string(&loaded, "usb", "(\"udev.ID_SERIAL\", \"bw\", \"Yubi\")");
	facts_add_property(with, &loaded.pool, "ID_MODEL", "x");
	facts_add_property(with, &loaded.pool, "ID_SERIAL", "Yubico_Key");
	facts_add_property(without, &loaded.pool, "ID_MODEL", "Yubi");
	assert_non_null(rules_evaluate(&loaded.ruleset->rules, with));
	assert_null(rules_evaluate(&loaded.ruleset->rules, without));
	facts_unref(with);
	facts_unref(without);
	unload(&loaded);
}

static void test_explain(void **state)
{
	static const char *const want =
		"[{\"number\":1,\"rule\":\"a\",\"group\":\"p\",\"enabled\":false,\"holds\":true,"
		"\"conditions\":["
		"{\"field\":\"class_hex\",\"operator\":\"equal\",\"expected\":\"03\","
		"\"actual\":\"030000\",\"holds\":true},"
		"{\"any\":[{\"field\":\"driver\",\"operator\":\"contains\",\"expected\":\"x\","
		"\"holds\":false},"
		"{\"not\":[{\"all\":[{\"field\":\"udev.K\",\"operator\":\"regex\",\"expected\":\"^"
		"\\\"\","
		"\"actual\":\"v\",\"holds\":false}]}]}]}]},"
		"{\"number\":3,\"rule\":\"c\",\"group\":\"p\",\"enabled\":true,\"holds\":false,"
		"\"conditions\":["
		"{\"field\":\"driver\",\"operator\":\"equal\",\"expected\":\"\",\"holds\":false},"
		"{\"field\":\"class_hex\",\"operator\":\"less\",\"expected\":\"04\","
		"\"actual\":\"030000\",\"holds\":true}]}]";
	struct loaded loaded = {0};
	struct facts *facts = make_facts(&loaded, KIND_MASK(KIND_PCI));
	struct writer json = {0};
	struct text *text;

	(void)state;
	load_string(&loaded,
		"groups = ( { name = \"p\"; kind = \"pci\"; }, { name = \"u\"; kind = \"usb\"; } );"
		"rules = ("
		" { name = \"a\"; group = \"p\"; enabled = false; match = ( (\"class_hex\", "
		"\"==\", \"03\"),"
		" (\"any\", (\"driver\", \"cs\", \"x\"), (\"not\", (\"all\", (\"udev.K\", \"rx\", "
		"\"^\\\"\")))) ); },"
		" { name = \"b\"; group = \"u\"; match = ( (\"serial\", \"ne\", \"x\") ); },"
		" { name = \"c\"; group = \"p\"; match = ( (\"driver\", \"eq\", \"\"), "
		"(\"class_hex\", \"<\", \"04\") ); }"
		");");
	facts_set(facts, &loaded.pool, FIELD_CLASS_HEX, "0x030000");
	facts_add_property(facts, &loaded.pool, "K", "v");
	explain_write(&json, loaded.ruleset, facts);
	text = writer_take(&json);
	assert_string_equal(text->bytes, want);
	text_unref(text);
	facts_unref(facts);
	unload(&loaded);
}

static void test_print_match(void **state)
{
	struct loaded loaded = {0};
	struct buffer buffer = {0};

	(void)state;
	load_match_string(&loaded, "pci",
		"(\"slot\",\"eq\",\"03:00.0\"), (\"not\", (\"driver\", \"rx\", \"\\\"\\\\d\"))");
	print_match(&buffer, loaded.ruleset->rules.items[0]);
	assert_string_equal(buffer_string(&buffer),
		"(\"slot\", \"equal\", \"0000:03:00.0\"), "
		"(\"not\", (\"driver\", \"regex\", \"\\\"\\\\d\"))");
	buffer_done(&buffer);
	unload(&loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_rule_decides),
		cmocka_unit_test(test_nesting),
		cmocka_unit_test(test_properties),
		cmocka_unit_test(test_explain),
		cmocka_unit_test(test_print_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
