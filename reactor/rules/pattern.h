/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Regular expressions and texts that are looked for without case; the only place that knows PCRE2.
 *
 * Rules come from people and values from devices, so one match is bounded in steps, depth and
 * memory, and all patterns of a rule set together in memory.
 */
#pragma once

#include "base/buffer.h"
#include "base/text.h"

#include <stdint.h>

#define PATTERN_MATCH_LIMIT 10000u /* by default; ordinary patterns need about 64 */
#define PATTERN_SOURCE_MOST 1024u  /* bytes */

struct pattern;

/* What the patterns of one rule set share: limits and the memory to match in. */
struct pattern_engine;

/* `match_limit` 0 stands for the default. The engine must outlive its patterns. */
struct pattern_engine *pattern_engine_new(uint32_t match_limit);
struct pattern_engine *pattern_engine_free(struct pattern_engine *engine);

enum pattern_syntax {
	PATTERN_REGEX,
	PATTERN_NOCASE, /* the text itself, anywhere, in either case */
};

enum {
	PATTERN_INVALID = 1,
};

/*
 * Compiles `source`, or appends to `ret_message` why that cannot be and returns PATTERN_INVALID.
 * The caller owns the pattern.
 */
int pattern_new(struct pattern_engine *engine, enum pattern_syntax syntax,
	const struct text *source, struct buffer *ret_message, struct pattern **ret_pattern);
struct pattern *pattern_free(struct pattern *pattern);

enum pattern_result {
	PATTERN_NO_MATCH,
	PATTERN_MATCH,
	PATTERN_LIMIT_HIT, /* it was given up: counts as no match */
};

/* Whether the pattern is found anywhere in `subject`. */
enum pattern_result pattern_match(const struct pattern *pattern, const struct text *subject);
