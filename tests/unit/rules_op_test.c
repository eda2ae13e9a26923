/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every operator on every type, through the loader, so that values are normalised as they are. */
#include "unit/rules_helper.h"

static const struct {
	const char *what;
	const char *kind;
	const char *condition;
	const char *actual; /* as the probe reads it; NULL: absent */
	bool want;
} cases[] = {
	{"text equal", "pci", "(\"driver\", \"equal\", \"nvme\")", "nvme", true},
	{"text equal is case-sensitive", "pci", "(\"driver\", \"eq\", \"NVME\")", "nvme", false},
	{"text equal empty", "pci", "(\"driver\", \"==\", \"\")", "", true},
	{"text not-equal", "pci", "(\"driver\", \"ne\", \"nvme\")", "ahci", true},
	{"text not-equal same", "pci", "(\"driver\", \"!=\", \"nvme\")", "nvme", false},
	{"text less", "pci", "(\"driver\", \"<\", \"b\")", "a", true},
	{"text less, prefix", "pci", "(\"driver\", \"less\", \"ab\")", "a", true},
	{"text less, byte by byte", "pci", "(\"driver\", \"lt\", \"a\")", "Z", true},
	{"text less, high bytes are large", "pci", "(\"driver\", \"lt\", \"\\xc3\\xa4\")", "z",
		true},
	{"text less same", "pci", "(\"driver\", \"lt\", \"a\")", "a", false},
	{"text numbers by byte", "pci", "(\"driver\", \"lt\", \"9\")", "10", true},
	{"text less-or-equal same", "pci", "(\"driver\", \"le\", \"a\")", "a", true},
	{"text less-or-equal", "pci", "(\"driver\", \"<=\", \"a\")", "b", false},
	{"text greater", "pci", "(\"driver\", \">\", \"a\")", "b", true},
	{"text greater same", "pci", "(\"driver\", \"gt\", \"a\")", "a", false},
	{"text greater-or-equal same", "pci", "(\"driver\", \"ge\", \"a\")", "a", true},
	{"text greater-or-equal", "pci", "(\"driver\", \">=\", \"b\")", "a", false},
	{"text begins-with", "pci", "(\"class\", \"bw\", \"VGA\")", "VGA compatible", true},
	{"text begins-with longer", "pci", "(\"class\", \"begins-with\", \"VGA c\")", "VGA", false},
	{"text begins-with case", "pci", "(\"class\", \"bw\", \"vga\")", "VGA", false},
	{"text begins-with empty", "pci", "(\"class\", \"bw\", \"\")", "VGA", true},
	{"text begins-with is not contains", "pci", "(\"class\", \"bw\", \"G\")", "VGA", false},
	{"text ends-with", "pci", "(\"class\", \"ew\", \"ible\")", "VGA compatible", true},
	{"text ends-with longer", "pci", "(\"class\", \"ends-with\", \"VGA\")", "GA", false},
	{"text ends-with is not contains", "pci", "(\"class\", \"ew\", \"G\")", "VGA", false},
	{"text contains", "pci", "(\"class\", \"cs\", \"comp\")", "VGA compatible", true},
	{"text contains case", "pci", "(\"class\", \"contains\", \"Comp\")", "VGA compatible",
		false},
	{"text contains-nocase", "pci", "(\"class\", \"ct\", \"COMP\")", "VGA compatible", true},
	{"text contains-nocase umlaut", "pci", "(\"class\", \"ct\", \"GER\xc3\x84T\")",
		"ein ger\xc3\xa4t", true},
	{"text contains-nocase is literal", "pci", "(\"class\", \"ct\", \"a.c\")", "abc", false},
	{"text contains-nocase literal", "pci", "(\"class\", \"contains-nocase\", \"A.(\\\\\")",
		"xa.(\\x", true},
	{"text regex", "pci", "(\"class\", \"rx\", \"co[a-z]+ble\")", "VGA compatible", true},
	{"text regex case", "pci", "(\"class\", \"=~\", \"CO\")", "VGA compatible", false},
	{"text regex anchored", "pci", "(\"class\", \"regex\", \"^GA\")", "VGA", false},
	{"text regex end", "pci", "(\"class\", \"regex\", \"GA$\")", "VGA", true},
	{"text regex dot is a character", "pci", "(\"class\", \"regex\", \"^.$\")", "\xc3\xa4",
		true},
	{"text absent equal", "pci", "(\"driver\", \"equal\", \"\")", NULL, false},
	{"text absent not-equal", "pci", "(\"driver\", \"not-equal\", \"x\")", NULL, true},
	{"text absent less", "pci", "(\"driver\", \"less\", \"x\")", NULL, false},
	{"text absent less-or-equal", "pci", "(\"driver\", \"le\", \"x\")", NULL, false},
	{"text absent greater", "pci", "(\"driver\", \"gt\", \"\")", NULL, false},
	{"text absent greater-or-equal", "pci", "(\"driver\", \"ge\", \"\")", NULL, false},
	{"text absent begins-with", "pci", "(\"driver\", \"bw\", \"\")", NULL, false},
	{"text absent ends-with", "pci", "(\"driver\", \"ew\", \"\")", NULL, false},
	{"text absent contains", "pci", "(\"driver\", \"cs\", \"\")", NULL, false},
	{"text absent contains-nocase", "pci", "(\"driver\", \"ct\", \"\")", NULL, false},
	{"text absent regex", "pci", "(\"driver\", \"rx\", \"\")", NULL, false},
	{"not of absent equal", "pci", "(\"not\", (\"driver\", \"equal\", \"\"))", NULL, true},
	{"not of absent not-equal", "pci", "(\"not\", (\"driver\", \"ne\", \"x\"))", NULL, false},

	{"address equal short", "pci", "(\"slot\", \"equal\", \"03:00.0\")", "0000:03:00.0", true},
	{"address equal case", "pci", "(\"slot\", \"eq\", \"10000:E1:00.0\")", "10000:e1:00.0",
		true},
	{"address not-equal", "pci", "(\"slot\", \"ne\", \"03:00.0\")", "0000:03:00.1", true},
	{"address not-equal short", "pci", "(\"slot\", \"ne\", \"03:00.0\")", "0000:03:00.0",
		false},
	{"address less", "pci", "(\"slot\", \"lt\", \"10:00.0\")", "0000:0f:1f.7", true},
	{"address greater, domain by value", "pci", "(\"slot\", \"gt\", \"ffff:00:00.0\")",
		"10000:e1:00.0", true},
	{"address less-or-equal", "pci", "(\"slot\", \"le\", \"0f:1f.7\")", "0000:0f:1f.7", true},
	{"address greater-or-equal", "pci", "(\"slot\", \"ge\", \"10:00.0\")", "0000:0f:1f.7",
		false},
	{"address begins-with sees the text form", "pci", "(\"slot\", \"bw\", \"03\")",
		"0000:03:00.0", false},
	{"address begins-with", "pci", "(\"slot\", \"bw\", \"0000:03\")", "0000:03:00.0", true},
	{"address ends-with", "pci", "(\"slot\", \"ew\", \".0\")", "0000:03:00.0", true},
	{"address contains", "pci", "(\"slot\", \"cs\", \":03:\")", "0000:03:00.0", true},
	{"address contains-nocase", "pci", "(\"slot\", \"ct\", \":E1:\")", "10000:e1:00.0", true},
	{"address regex", "pci", "(\"slot\", \"rx\", \"^0000:0[1-4]:\")", "0000:03:00.0", true},
	{"address absent", "pci", "(\"physical_function\", \"lt\", \"ff:00.0\")", NULL, false},

	{"class_hex by two digits", "pci", "(\"class_hex\", \"equal\", \"03\")", "0x030200", true},
	{"class_hex by four digits", "pci", "(\"class_hex\", \"equal\", \"0x0300\")", "0x030200",
		false},
	{"class_hex by four digits, same", "pci", "(\"class_hex\", \"eq\", \"0302\")", "0x030200",
		true},
	{"class_hex by six digits", "pci", "(\"class_hex\", \"eq\", \"0C0330\")", "0x0c0330", true},
	{"class_hex by six digits, other", "pci", "(\"class_hex\", \"eq\", \"0c0330\")", "0x0c0320",
		false},
	{"class_hex not-equal cut", "pci", "(\"class_hex\", \"ne\", \"03\")", "0x030200", false},
	{"class_hex not-equal cut, other", "pci", "(\"class_hex\", \"ne\", \"0300\")", "0x030200",
		true},
	{"class_hex less is cut too", "pci", "(\"class_hex\", \"lt\", \"03\")", "0x030200", false},
	{"class_hex less", "pci", "(\"class_hex\", \"lt\", \"03\")", "0x02ffff", true},
	{"class_hex less-or-equal is cut", "pci", "(\"class_hex\", \"le\", \"03\")", "0x030200",
		true},
	{"class_hex greater is cut", "pci", "(\"class_hex\", \"gt\", \"03\")", "0x030200", false},
	{"class_hex greater by six", "pci", "(\"class_hex\", \"gt\", \"030000\")", "0x030200",
		true},
	{"class_hex greater-or-equal is cut", "pci", "(\"class_hex\", \"ge\", \"0302\")",
		"0x030200", true},
	{"class_hex begins-with sees six", "pci", "(\"class_hex\", \"bw\", \"0302\")", "0x030200",
		true},
	{"class_hex ends-with sees six", "pci", "(\"class_hex\", \"ew\", \"0200\")", "0x030200",
		true},
	{"class_hex regex sees six", "pci", "(\"class_hex\", \"rx\", \"^03....$\")", "0x030200",
		true},
	{"class_hex absent", "pci", "(\"class_hex\", \"eq\", \"03\")", NULL, false},
	{"class_hex absent not-equal", "pci", "(\"class_hex\", \"ne\", \"03\")", NULL, true},
	{"hex equal", "usb", "(\"vendor_id\", \"eq\", \"0x46D\")", "046d", true},
	{"hex not-equal", "usb", "(\"vendor_id\", \"ne\", \"046d\")", "046d", false},
	{"hex less", "usb", "(\"vendor_id\", \"<\", \"1000\")", "0fff", true},
	{"hex less, letters", "usb", "(\"vendor_id\", \"<\", \"a000\")", "9fff", true},
	{"hex greater-or-equal", "usb", "(\"vendor_id\", \">=\", \"1000\")", "1000", true},
	{"hex contains", "usb", "(\"vendor_id\", \"contains\", \"6d\")", "046d", true},
	{"hex contains takes the value literally", "usb", "(\"vendor_id\", \"contains\", \"6D\")",
		"046d", false},
	{"hex contains-nocase", "usb", "(\"vendor_id\", \"ct\", \"6D\")", "046d", true},

	{"number equal", "usb", "(\"bus\", \"equal\", \"001\")", "1", true},
	{"number equal unquoted", "usb", "(\"bus\", \"equal\", 1)", "001", true},
	{"number less by value", "usb", "(\"speed\", \"less\", \"5000\")", "480", true},
	{"number less, fraction", "usb", "(\"speed\", \"less\", 1.6)", "1.5", true},
	{"number equal, fraction", "usb", "(\"speed\", \"equal\", \"1.50\")", "1.5", true},
	{"number less-or-equal", "usb", "(\"speed\", \"le\", 480)", "480", true},
	{"number greater", "usb", "(\"speed\", \"gt\", 480)", "10000", true},
	{"number greater same", "usb", "(\"speed\", \"gt\", 480)", "480", false},
	{"number greater-or-equal", "usb", "(\"speed\", \"ge\", 480)", "12", false},
	{"number not-equal", "usb", "(\"speed\", \"ne\", 12)", "480", true},
	{"number negative", "pci", "(\"numa_node\", \"gt\", -1)", "0", true},
	{"number begins-with", "usb", "(\"speed\", \"bw\", \"4\")", "480", true},
	{"number begins-with unquoted", "usb", "(\"speed\", \"bw\", 4)", "480", true},
	{"number ends-with literally", "usb", "(\"speed\", \"ew\", \"080\")", "480", false},
	{"number regex", "usb", "(\"speed\", \"rx\", \"^[0-9]+$\")", "1.5", false},
	{"number absent", "pci", "(\"numa_node\", \"ge\", 0)", NULL, false},
	{"number absent not-equal", "pci", "(\"numa_node\", \"ne\", 0)", NULL, true},

	{"id pair equal", "pci", "(\"vendor_device\", \"eq\", \"0x10DE:1EB8\")", "10de:1eb8", true},
	{"id pair not-equal", "pci", "(\"vendor_device\", \"ne\", \"10de:1eb8\")", "10de:1eb9",
		true},
	{"id pair less by vendor first", "pci", "(\"vendor_device\", \"lt\", \"10de:0001\")",
		"1022:ffff", true},
	{"id pair greater", "pci", "(\"vendor_device\", \"gt\", \"10de:1eb7\")", "10de:1eb8", true},
	{"id pair less-or-equal", "pci", "(\"vendor_device\", \"le\", \"10de:1eb8\")", "10de:1eb8",
		true},
	{"id pair greater-or-equal", "pci", "(\"vendor_device\", \"ge\", \"10de:1eb9\")",
		"10de:1eb8", false},
	{"id pair begins-with", "pci", "(\"vendor_device\", \"bw\", \"10de:\")", "10de:1eb8", true},
	{"id pair contains-nocase", "pci", "(\"vendor_device\", \"ct\", \"DE:1E\")", "10de:1eb8",
		true},

	{"version equal", "usb", "(\"usb_version\", \"eq\", \"2.00\")", " 2.00", true},
	{"version equal unquoted", "usb", "(\"usb_version\", \"eq\", 2.0)", " 2.00", true},
	{"version 2.1 is 2.10", "usb", "(\"usb_version\", \"eq\", \"2.1\")", " 2.10", true},
	{"version 2.1 is not 2.01", "usb", "(\"usb_version\", \"eq\", 2.1)", " 2.01", false},
	{"version 2.01 is less than 2.1", "usb", "(\"usb_version\", \"lt\", 2.1)", " 2.01", true},
	{"version greater", "usb", "(\"usb_version\", \"gt\", \"2.1\")", " 3.00", true},
	{"version 10 is greater than 3.2", "usb", "(\"usb_version\", \"gt\", 3.2)", "10.00", true},
	{"version less-or-equal", "usb", "(\"usb_version\", \"le\", 2.1)", " 2.10", true},
	{"version greater-or-equal", "usb", "(\"usb_version\", \"ge\", 2.1)", " 2.01", false},
	{"version not-equal", "usb", "(\"usb_version\", \"ne\", 2.0)", " 2.00", false},
	{"version ends-with sees 2.1", "usb", "(\"usb_version\", \"ew\", \".1\")", " 2.10", true},
	{"version regex", "usb", "(\"usb_version\", \"rx\", \"^3\\\\.\")", " 3.20", true},

	{"list equal any", "usb", "(\"interface_drivers\", \"eq\", \"uas\")", "usbhid,uas", true},
	{"list equal first", "usb", "(\"interface_drivers\", \"eq\", \"usbhid\")", "usbhid,uas",
		true},
	{"list equal part", "usb", "(\"interface_drivers\", \"eq\", \"usb\")", "usbhid,uas", false},
	{"list equal empty element", "usb", "(\"interface_drivers\", \"eq\", \"\")", "", true},
	{"list has no empty element", "usb", "(\"interface_drivers\", \"eq\", \"\")", "uas", false},
	{"list with an empty element", "usb", "(\"interface_drivers\", \"eq\", \"\")", "uas,",
		true},
	{"list not-equal none", "usb", "(\"interface_drivers\", \"ne\", \"ftdi\")", "usbhid,uas",
		true},
	{"list not-equal one", "usb", "(\"interface_drivers\", \"ne\", \"uas\")", "usbhid,uas",
		false},
	{"list not-equal first", "usb", "(\"interface_drivers\", \"ne\", \"usbhid\")", "usbhid,uas",
		false},
	{"not of list equal", "usb", "(\"not\", (\"interface_drivers\", \"eq\", \"uas\"))",
		"usbhid,uas", false},
	{"list less, an element", "usb", "(\"interface_drivers\", \"lt\", \"ub\")", "usbhid,uas",
		true},
	{"list less, none", "usb", "(\"interface_drivers\", \"lt\", \"ua\")", "usbhid,uas", false},
	{"list less-or-equal", "usb", "(\"interface_drivers\", \"le\", \"uas\")", "usbhid,uas",
		true},
	{"list greater", "usb", "(\"interface_drivers\", \"gt\", \"uas\")", "uas,usbhid", true},
	{"list greater-or-equal", "usb", "(\"interface_drivers\", \"ge\", \"v\")", "uas,usbhid",
		false},
	{"list begins-with, second", "usb", "(\"interface_drivers\", \"bw\", \"snd-\")",
		"usbhid,snd-usb-audio", true},
	{"list ends-with, first", "usb", "(\"interface_drivers\", \"ew\", \"hid\")",
		"usbhid,snd-usb-audio", true},
	{"list contains", "usb", "(\"interface_drivers\", \"cs\", \"usb-\")",
		"usbhid,snd-usb-audio", true},
	{"list contains-nocase", "usb", "(\"interface_drivers\", \"ct\", \"SND\")",
		"usbhid,snd-usb-audio", true},
	{"list regex by element", "usb", "(\"interface_drivers\", \"rx\", \"^snd\")",
		"usbhid,snd-usb-audio", true},
	{"list regex never over elements", "usb", "(\"interface_drivers\", \"rx\", \",\")",
		"usbhid,uas", false},
	{"list absent", "usb", "(\"interface_drivers\", \"eq\", \"\")", NULL, false},
	{"list absent not-equal", "usb", "(\"interface_drivers\", \"ne\", \"x\")", NULL, true},
};

static const struct condition *first_test(const struct condition *condition)
{
	while (condition->type != CONDITION_TEST)
		condition = condition->children.items[0];
	return condition;
}

static void test_operators(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct loaded loaded = {0};
		bool limit_hit = false;
		const struct rule *rule;
		struct facts *facts;

		load_match_string(&loaded, cases[i].kind, cases[i].condition);
		rule = loaded.ruleset->rules.items[0];
		facts = make_facts(&loaded, KIND_MASK(rule->group->kind));
		if (cases[i].actual)
			facts_set(facts, &loaded.pool, first_test(rule->match)->field,
				cases[i].actual);
		if (evaluate_condition(rule->match, facts, &limit_hit) != cases[i].want)
			fail_msg("%s: want %d", cases[i].what, cases[i].want);
		assert_false(limit_hit);
		facts_unref(facts);
		unload(&loaded);
	}
}

static void test_spellings(void **state)
{
	static const struct {
		const char *spelling;
		enum op want;
	} spellings[] = {
		{"equal", OP_EQUAL},
		{"eq", OP_EQUAL},
		{"==", OP_EQUAL},
		{"not-equal", OP_NOT_EQUAL},
		{"ne", OP_NOT_EQUAL},
		{"!=", OP_NOT_EQUAL},
		{"less", OP_LESS},
		{"lt", OP_LESS},
		{"<", OP_LESS},
		{"less-or-equal", OP_LESS_OR_EQUAL},
		{"le", OP_LESS_OR_EQUAL},
		{"<=", OP_LESS_OR_EQUAL},
		{"greater", OP_GREATER},
		{"gt", OP_GREATER},
		{">", OP_GREATER},
		{"greater-or-equal", OP_GREATER_OR_EQUAL},
		{"ge", OP_GREATER_OR_EQUAL},
		{">=", OP_GREATER_OR_EQUAL},
		{"begins-with", OP_BEGINS_WITH},
		{"bw", OP_BEGINS_WITH},
		{"ends-with", OP_ENDS_WITH},
		{"ew", OP_ENDS_WITH},
		{"contains", OP_CONTAINS},
		{"cs", OP_CONTAINS},
		{"contains-nocase", OP_CONTAINS_NOCASE},
		{"ct", OP_CONTAINS_NOCASE},
		{"regex", OP_REGEX},
		{"rx", OP_REGEX},
		{"=~", OP_REGEX},
		{"", OP_COUNT},
		{"=", OP_COUNT},
		{"EQ", OP_COUNT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(spellings); i++) {
		enum op found = op_find(spellings[i].spelling);

		assert_int_equal(found, spellings[i].want);
		if (found != OP_COUNT)
			assert_int_equal(op_find(op_name(found)), found);
	}
	assert_true(op_compares(OP_EQUAL));
	assert_true(op_compares(OP_GREATER_OR_EQUAL));
	assert_false(op_compares(OP_BEGINS_WITH));
	assert_false(op_compares(OP_REGEX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_operators),
		cmocka_unit_test(test_spellings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
