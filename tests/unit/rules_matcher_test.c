/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the property test of the matcher cannot show: what is kept of values and for how long, how
 * often a regex runs, and what its parts do alone.
 */
#include "lib/measure.h"
#include "rules/bigram.h"
#include "rules/bitmap.h"
#include "rules/ruleset.h"
#include "unit/rules_helper.h"

static struct facts *usb_device(struct loaded *loaded, const char *serial)
{
	struct facts *facts = make_facts(loaded, KIND_MASK(KIND_USB));

	facts_set(facts, &loaded->pool, FIELD_SERIAL, serial);
	return facts;
}

static const char *decide(struct loaded *loaded, struct facts *facts)
{
	const struct rule *rule = ruleset_decide(loaded->ruleset, facts);

	return rule ? rule->name->bytes : "none";
}

static const char *const serials =
	"groups = ( { name = \"u\"; kind = \"usb\"; } );"
	"rules = ("
	" { name = \"named\"; group = \"u\"; match = ( (\"serial\", \"eq\", \"S7\") ); },"
	" { name = \"odd\"; group = \"u\"; match = ( (\"serial\", \"rx\", \"[13579]$\") ); },"
	" { name = \"other\"; group = \"u\"; match = ( (\"serial\", \"bw\", \"S\") ); }"
	");";

static void see_serials(struct loaded *loaded, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		char serial[16];
		struct facts *facts;

		snprintf(serial, sizeof(serial), "S%u", i);
		facts = usb_device(loaded, serial);
		assert_string_equal(decide(loaded, facts), i == 7  ? "named"
							   : i % 2 ? "odd"
								   : "other");
		facts_unref(facts);
	}
}

/* A device that invents serial numbers leaves nothing behind. */
static void test_values_leave(void **state)
{
	struct loaded loaded = {0};
	size_t texts;
	size_t before;
	size_t after;

	(void)state;
	load_string(&loaded, serials);
	see_serials(&loaded, 0, 1000);
	texts = loaded.pool.texts.count;
	before = measure_memory();
	see_serials(&loaded, 1000, 101000);
	after = measure_memory();
	assert_int_equal(loaded.pool.texts.count, texts);
	if (after > before + 256)
		fail_msg("%zu bytes more", after - before);
	unload(&loaded);
}

/* A table that 20,000 values were in at once becomes small again. */
static void test_many_leave_at_once(void **state)
{
	static struct facts *devices[20000];
	struct loaded loaded = {0};
	size_t before;

	(void)state;
	load_string(&loaded, serials);
	see_serials(&loaded, 0, 10);
	before = measure_memory();
	for (unsigned i = 0; i < ARRAY_LENGTH(devices); i++) {
		char serial[16];

		snprintf(serial, sizeof(serial), "T%u", i);
		devices[i] = usb_device(&loaded, serial);
		assert_string_equal(decide(&loaded, devices[i]), i % 2 ? "odd" : "none");
	}
	for (unsigned i = 0; i < ARRAY_LENGTH(devices); i++)
		facts_unref(devices[i]);
	see_serials(&loaded, 0, 10);
	/* the pool's own table keeps its size */
	if (measure_memory() > before + loaded.pool.texts.capacity * sizeof(struct text *) + 65536)
		fail_msg("%zu bytes more", measure_memory() - before);
	unload(&loaded);
}

/* Rules that replaced others, and are replaced: those in force go on deciding. */
static void test_rulesets_side_by_side(void **state)
{
	struct loaded loaded = {0};
	struct ruleset *first;
	struct ruleset *second;
	struct facts *facts;

	(void)state;
	load_string(&loaded, serials);
	first = loaded.ruleset;
	load_string(&loaded,
		"groups = ( { name = \"u\"; kind = \"usb\"; } );"
		"rules = ( { name = \"long\"; group = \"u\"; match = ( (\"serial\", \"bw\", "
		"\"S10\") ); } );");
	second = loaded.ruleset;
	for (unsigned i = 0; i < 3; i++) {
		facts = usb_device(&loaded, "S100");
		loaded.ruleset = first;
		assert_string_equal(decide(&loaded, facts), "other");
		loaded.ruleset = second;
		assert_string_equal(decide(&loaded, facts), "long");
		facts_unref(facts);
	}
	facts = usb_device(&loaded, "S101");
	loaded.ruleset = first;
	assert_string_equal(decide(&loaded, facts), "odd");
	ruleset_free(first);
	loaded.ruleset = second;
	assert_string_equal(decide(&loaded, facts), "long");
	facts_unref(facts);
	unload(&loaded);
}

#define BOMB "(\"serial\", \"rx\", \"^(a+)+$\")"

/* Each regex that runs into its limit is counted once a value, and run once. */
static void test_limit_hits(void **state)
{
	static const char *const long_serial = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!";
	struct loaded loaded = {0};
	const struct rule *const *rules;
	struct facts *facts;
	struct facts *again;

	(void)state;
	load_string(&loaded,
		"groups = ( { name = \"u\"; kind = \"usb\"; } );"
		"rules = ("
		" { name = \"bomb\"; group = \"u\"; match = ( " BOMB " ); },"
		" { name = \"same\"; group = \"u\"; match = ( " BOMB ", (\"bus\", \"eq\", 1) ); },"
		" { name = \"other\"; group = \"u\"; match = ( (\"serial\", \"rx\", "
		"\"^(a*)*b?$\"), (\"bus\", \"eq\", 1) ); },"
		" { name = \"plain\"; group = \"u\"; match = ( (\"serial\", \"rx\", \"^b\") ); },"
		" { name = \"not\"; group = \"u\"; match = ( (\"not\", " BOMB ") ); }"
		");");
	rules = (const struct rule *const *)loaded.ruleset->rules.items;
	facts = usb_device(&loaded, "aaaa");
	assert_string_equal(decide(&loaded, facts), "bomb");
	assert_int_equal(loaded.ruleset->limit_hits, 0);
	assert_false(rules[0]->limit_hit);
	facts_unref(facts);

	facts = usb_device(&loaded, long_serial);
	assert_string_equal(decide(&loaded, facts), "not");
	/* the first two ask the same; a negation does not share the answer */
	assert_int_equal(loaded.ruleset->limit_hits, 3);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(rules[i]->limit_hit, i != 3);

	again = usb_device(&loaded, long_serial);
	facts_set(again, &loaded.pool, FIELD_BUS, "1");
	assert_string_equal(decide(&loaded, again), "not");
	assert_string_equal(decide(&loaded, facts), "not");
	assert_int_equal(loaded.ruleset->limit_hits, 3);
	facts_unref(facts);
	facts_unref(again);

	/* gone and back: it is a new value */
	facts = usb_device(&loaded, long_serial);
	assert_string_equal(decide(&loaded, facts), "not");
	assert_int_equal(loaded.ruleset->limit_hits, 6);
	facts_unref(facts);
	unload(&loaded);
}

static void test_bitmaps(void **state)
{
	static const struct {
		struct bitmap_range range;
		uint64_t words[4];
	} cases[] = {
		{{0, 1}, {1, 0, 0, 0}},
		{{63, 1}, {UINT64_C(1) << 63, 0, 0, 0}},
		{{64, 5}, {0, 5, 0, 0}},
		{{62, 0xf}, {UINT64_C(3) << 62, 3, 0, 0}},
		{{65, UINT64_MAX}, {0, UINT64_MAX << 1, 1, 0}},
		{{70, 0}, {0, 0, 0, 0}},
	};
	uint64_t full[4];

	(void)state;
	assert_int_equal(bitmap_words(0), 0);
	assert_int_equal(bitmap_words(130), 4);
	assert_int_equal(bitmap_words(257), 8);
	bitmap_fill(full, 130);
	assert_memory_equal(full, ((const uint64_t[]){UINT64_MAX, UINT64_MAX, 3, 0}), sizeof(full));
	bitmap_fill(full, 256);
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		uint64_t words[4] = {0};
		uint64_t holes[4];

		bitmap_set(words, cases[i].range);
		assert_memory_equal(words, cases[i].words, sizeof(words));
		memcpy(holes, full, sizeof(holes));
		bitmap_clear(holes, cases[i].range);
		for (unsigned j = 0; j < 4; j++)
			assert_int_equal(holes[j], ~cases[i].words[j]);
	}
}

static void test_bitmaps_are_shared(void **state)
{
	struct bitmap_pool pool = {.words = 4};
	struct bitmap *first = bitmap_share(&pool, (const uint64_t[]){1, 2, 3, 4});
	struct bitmap *second = bitmap_share(&pool, (const uint64_t[]){1, 2, 3, 4});
	struct bitmap *other = bitmap_share(&pool, (const uint64_t[]){1, 2, 3, 5});

	(void)state;
	assert_ptr_equal(first, second);
	assert_ptr_not_equal(first, other);
	assert_int_equal(other->words[3], 5);
	assert_int_equal(pool.bitmaps.count, 2);
	bitmap_unref(&pool, first);
	assert_int_equal(pool.bitmaps.count, 2);
	assert_null(bitmap_unref(&pool, second));
	assert_int_equal(pool.bitmaps.count, 1);
	assert_null(bitmap_unref(&pool, NULL));
	bitmap_unref(&pool, other);
	bitmap_pool_done(&pool);
}

static uint64_t required(const char *op, const char *value)
{
	struct loaded loaded = {0};
	struct buffer match = {0};
	const struct rule *rule;
	uint64_t bigrams;

	buffer_format(&match, "(\"device\", \"%s\", \"%s\")", op, value);
	load_match_string(&loaded, "pci", buffer_string(&match));
	rule = loaded.ruleset->rules.items[0];
	bigrams = bigram_required(rule->match->children.items[0]);
	buffer_done(&match);
	unload(&loaded);
	return bigrams;
}

/* What a value must contain; NULL: nothing that is looked for. */
static void test_required_bigrams(void **state)
{
	static const struct {
		const char *op;
		const char *value;
		const char *want;
	} cases[] = {
		{"eq", "RTX", "RTX"},
		{"bw", "RTX", "RTX"},
		{"ew", "RTX", "RTX"},
		{"cs", "RTX", "RTX"},
		{"ne", "RTX", NULL},
		{"lt", "RTX", NULL},
		{"ct", "rtx", NULL},
		{"ct", "rtx 40 x", " 40 "},
		{"rx", "RTX", "RTX"},
		{"rx", "^Tesla T4$", "Tesla T4"},
		{"rx", "Tesla.*T40[0-9]", "Tesla"},
		{"rx", "A.Tesla", "Tesla"},
		{"rx", "Tesla|Quadro", NULL},
		{"rx", "(Tesla|Quadro) T40", " T40"},
		{"rx", "(Tesla (A|B) x)y[0-9]zz", "zz"},
		{"rx", "Teslas?", "Tesla"},
		{"rx", "Tesla*x", "Tesl"},
		{"rx", "Tesla+x", "Tesl"},
		{"rx", "Tesla{0,2}xy", "Tesl"},
		{"rx", "Tesl\u00fc?", "Tesl"},
		{"rx", "Tesla\\\\.4", "Tesla.4"},
		{"rx", "Tesla\\\\d40", "Tesla"},
		{"rx", "Tesla\\\\x40", NULL},
		{"rx", "\\\\QTesla\\\\E", NULL},
		{"rx", "(?i)Tesla", NULL},
		{"rx", "Tesla(?=x)", NULL},
		{"rx", "(*UCP)Tesla", NULL},
		{"rx", "[Tesla]", NULL},
		{"rx", "[]Tesla]x", NULL},
		{"rx", "[^]Tesla]x", NULL},
		{"rx", "[[:alpha:]x]Tesla", NULL},
		{"rx", "[\\\\]Tesla]x", NULL},
		{"rx", "Tesla]", "Tesla]"},
		{"rx", "", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		const char *want = cases[i].want ? cases[i].want : "";

		if (required(cases[i].op, cases[i].value) != bigram_set(want, strlen(want)))
			fail_msg("%s %s: should require `%s`", cases[i].op, cases[i].value, want);
	}
	assert_int_equal(bigram_set("ab", 1), 0);
	assert_int_not_equal(bigram_set("ab", 2), 0);
	assert_int_not_equal(bigram_set("ab", 2), bigram_set("ba", 2));
	assert_int_equal(bigram_set("abab", 4), bigram_set("ab", 2) | bigram_set("ba", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_leave),
		cmocka_unit_test(test_many_leave_at_once),
		cmocka_unit_test(test_rulesets_side_by_side),
		cmocka_unit_test(test_limit_hits),
		cmocka_unit_test(test_bitmaps),
		cmocka_unit_test(test_bitmaps_are_shared),
		cmocka_unit_test(test_required_bigrams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
