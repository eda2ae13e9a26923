/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random rules that load: what is made at random may have more alternatives than a rule may have.
 */
#pragma once

#include "rules/load.h"

struct buffer;

/* Adds the text of a whole rule file, another each time. */
typedef void random_rules_writer(struct buffer *text);

/*
 * Writes rules until there are some that load, by `options`. Only too many alternatives are a
 * reason to write again: any other error fails the test. The caller owns the result; `refused` (if
 * not NULL) is raised for each error.
 */
struct ruleset *random_rules(
	random_rules_writer *write, const struct load_options *options, unsigned long *refused);
