/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of rules/ share: loading rules from strings. Includes cmocka. */
#pragma once

#include "base/memory.h"
#include "rules/evaluate.h"
#include "rules/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct loaded {
	struct text_pool pool;
	struct rule_errors errors;
	struct ruleset *ruleset;
	int result;
};

/* The texts a.conf, b.conf, ... up to a NULL; the result and its errors are in the struct. */
static inline void load_strings(struct loaded *loaded, const char *const *strings)
{
	struct load_options options = {.pool = &loaded->pool};
	struct vector texts = {0};
	char name[] = "a.conf";

	for (; *strings; strings++, name[0]++)
		vector_add(&texts, rule_text_new(name, *strings, strlen(*strings)));
	loaded->result = load_rules(&texts, &options, &loaded->errors, &loaded->ruleset);
	rule_texts_done(&texts);
}

static inline void load_string(struct loaded *loaded, const char *string)
{
	load_strings(loaded, (const char *const[]){string, NULL});
}

/* One rule for devices of `kind` with these conditions; anything but success fails the test. */
static inline void load_match_string(struct loaded *loaded, const char *kind, const char *match)
{
	struct buffer text = {0};

	buffer_format(&text,
		"groups = ( { name = \"g\"; kind = \"%s\"; } );"
		"rules = ( { name = \"r\"; group = \"g\"; match = ( %s ); } );",
		kind, match);
	load_string(loaded, buffer_string(&text));
	if (loaded->result != 0)
		fail_msg("%s: %s", match,
			((struct rule_error *)loaded->errors.errors.items[0])->message);
	buffer_done(&text);
}

static inline void unload(struct loaded *loaded)
{
	ruleset_free(loaded->ruleset);
	rule_errors_done(&loaded->errors);
	text_pool_done(&loaded->pool);
}

static inline struct facts *make_facts(struct loaded *loaded, unsigned kinds)
{
	return facts_new(text_intern_string(&loaded->pool, "id"), kinds);
}
