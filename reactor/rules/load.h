/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rule texts in, a ruleset or every error out. Pure: no file is opened here
 * (files.h reads them), so a preview of texts that never were files takes the same road.
 */
#pragma once

#include "rules/rule_error.h"
#include "rules/ruleset.h"

struct load_options {
	struct text_pool *pool;
	uint32_t regex_match_limit; /* PCRE2 match limit; 0: the default of 10,000 */
};

enum {
	LOAD_INVALID = 1, /* at least one error was added */
};

/*
 * Loads `texts` (of struct rule_text) in their order as one set. On LOAD_INVALID every error of
 * every text was added to `errors` in the order of files and lines, and no ruleset is returned.
 */
int load_rules(const struct vector *texts, const struct load_options *options,
	struct rule_errors *errors, struct ruleset **ret_ruleset);
