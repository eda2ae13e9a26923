/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/random_rules.h"

#include "base/writer.h"
#include "lib/unit.h"

#include <string.h>

/* The only reason to refuse what is made at random. */
static unsigned long check_errors(const struct rule_errors *errors)
{
	for (size_t i = 0; i < errors->errors.count; i++) {
		const struct rule_error *error = errors->errors.items[i];

		if (!strstr(error->message, "combine in more than 64 ways"))
			fail_msg("%s; %s", error->message, error->hint);
	}
	return errors->errors.count;
}

static struct ruleset *load(
	struct buffer *made, const struct load_options *options, unsigned long *refused)
{
	struct rule_text text = {.file = (char[]){"random.conf"},
		.bytes = (char *)buffer_string(made),
		.length = made->length};
	struct vector texts = {0};
	struct rule_errors errors = {0};
	struct ruleset *ruleset = NULL;

	vector_add(&texts, &text);
	load_rules(&texts, options, &errors, &ruleset);
	*refused += check_errors(&errors);
	rule_errors_done(&errors);
	vector_done(&texts);
	return ruleset;
}

struct ruleset *random_rules(
	random_rules_writer *write, const struct load_options *options, unsigned long *refused)
{
	unsigned long ignored = 0;
	struct ruleset *ruleset = NULL;

	while (!ruleset) {
		struct buffer text = {0};

		write(&text);
		ruleset = load(&text, options, refused ? refused : &ignored);
		buffer_done(&text);
	}
	return ruleset;
}
