/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a rule file: loading ends with rules or with errors; rules print to what loads again
 * and prints the same; devices can be judged and explained by them, and the matcher decides as
 * the plain evaluator does.
 */
#include "base/memory.h"
#include "lib/rules.h"
#include "rules/explain.h"
#include "rules/load.h"
#include "rules/ruleset.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static struct ruleset *load(struct text_pool *pool, const char *bytes, size_t length)
{
	struct load_options options = {.pool = pool};
	struct rule_text text = {(char *)"fuzz.conf", (char *)bytes, length};
	struct vector texts = {0};
	struct rule_errors errors = {0};
	struct ruleset *ruleset = NULL;

	vector_add(&texts, &text);
	if ((load_rules(&texts, &options, &errors, &ruleset) == 0) != (errors.errors.count == 0))
		abort();
	rule_errors_done(&errors);
	vector_done(&texts);
	return ruleset;
}

static void check_print(struct text_pool *pool, const struct ruleset *ruleset)
{
	struct buffer printed = {0};
	struct buffer again = {0};
	struct ruleset *reloaded;

	rules_print(&printed, ruleset);
	reloaded = load(pool, buffer_string(&printed), printed.length);
	if (!reloaded)
		abort();
	rules_print(&again, reloaded);
	if (strcmp(buffer_string(&printed), buffer_string(&again)) != 0)
		abort();
	ruleset_free(reloaded);
	buffer_done(&printed);
	buffer_done(&again);
}

static void judge(struct text_pool *pool, struct ruleset *ruleset, struct facts *facts)
{
	struct writer json = {0};

	facts_add_property(facts, pool, "ID_SERIAL", "x");
	if (ruleset_decide(ruleset, facts) != rules_evaluate(&ruleset->rules, facts))
		abort();
	explain_write(&json, ruleset, facts);
	text_unref(writer_take(&json));
	facts_unref(facts);
}

static struct facts *make_facts(struct text_pool *pool, enum kind kind)
{
	struct facts *facts = facts_new(text_intern_string(pool, "some:1"), 0); /* any field */

	facts->kinds = KIND_MASK(kind);
	for (enum field field = 0; field < FIELD_COUNT; field += 2)
		facts_set(facts, pool, field, "3");
	facts_set(facts, pool, FIELD_SLOT, "03:00.0");
	facts_set(facts, pool, FIELD_CLASS_HEX, "030000");
	facts_set(facts, pool, FIELD_VENDOR_DEVICE, "10de:1eb8");
	facts_set(facts, pool, FIELD_VENDOR, "NVIDIA Corporation");
	facts_set(facts, pool, FIELD_INTERFACE_DRIVERS, "usbhid,,snd-usb-audio");
	facts_set(facts, pool, FIELD_SERIAL, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!");
	return facts;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct text_pool pool = {0};
	struct buffer copy = {0};
	struct ruleset *ruleset;

	buffer_add(&copy, bytes, length);
	ruleset = load(&pool, buffer_string(&copy), length);
	if (ruleset) {
		check_print(&pool, ruleset);
		for (enum kind kind = 0; kind < KIND_COUNT; kind++)
			judge(&pool, ruleset, make_facts(&pool, kind));
	}
	ruleset_free(ruleset);
	buffer_done(&copy);
	text_pool_done(&pool);
	return 0;
}
