/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * No JIT: it fails under MemoryDenyWriteExecute, and values are matched once each, not once a
 * device. One block of match data serves all patterns of a rule set: PCRE2 keeps 20 KiB of
 * backtracking frames in it, which 10,000 patterns would multiply to 200 MB.
 */
#include "rules/pattern.h"

#include "base/memory.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define DEPTH_LIMIT    10000u
#define HEAP_LIMIT_KIB 1024u
/* `(a|b){4000}` takes 60 KiB from 11 bytes, so the texts' size alone does not bound the memory. */
#define COMPILED_MOST (64u << 20)

struct pattern_engine {
	pcre2_compile_context *compile_context;
	pcre2_match_context *match_context;
	pcre2_match_data *match_data;
	size_t compiled; /* bytes of all patterns compiled with it */
	bool full;	 /* one was refused: the load fails, and compiling more is vain work */
};

struct pattern {
	struct pattern_engine *engine;
	pcre2_code *code;
};

static void *require(void *made)
{
	if (!made)
		abort(); /* out of memory, as base/memory.h has it */
	return made;
}

struct pattern_engine *pattern_engine_new(uint32_t match_limit)
{
	struct pattern_engine *engine = memory_allocate(sizeof(*engine));

	engine->compile_context = require(pcre2_compile_context_create(NULL));
	engine->match_context = require(pcre2_match_context_create(NULL));
	engine->match_data = require(pcre2_match_data_create(1, NULL));
	pcre2_set_max_pattern_length(engine->compile_context, PATTERN_SOURCE_MOST);
	pcre2_set_match_limit(
		engine->match_context, match_limit ? match_limit : PATTERN_MATCH_LIMIT);
	pcre2_set_depth_limit(engine->match_context, DEPTH_LIMIT);
	pcre2_set_heap_limit(engine->match_context, HEAP_LIMIT_KIB);
	return engine;
}

struct pattern_engine *pattern_engine_free(struct pattern_engine *engine)
{
	if (!engine)
		return NULL;
	pcre2_match_data_free(engine->match_data);
	pcre2_match_context_free(engine->match_context);
	pcre2_compile_context_free(engine->compile_context);
	free(engine);
	return NULL;
}

static uint32_t compile_options(enum pattern_syntax syntax)
{
	uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;

	switch (syntax) {
	case PATTERN_REGEX:
		return options | PCRE2_NEVER_BACKSLASH_C;
	case PATTERN_NOCASE:
		return options | PCRE2_LITERAL | PCRE2_CASELESS;
	}
	return options;
}

/* Counts the compiled size; the engine is full where it would be too much. */
static void account(struct pattern_engine *engine, const pcre2_code *code)
{
	size_t size = 0;

	pcre2_pattern_info(code, PCRE2_INFO_SIZE, &size);
	engine->full = size > COMPILED_MOST - engine->compiled;
	if (!engine->full)
		engine->compiled += size;
}

static int refuse_full(struct buffer *ret_message)
{
	buffer_format(
		ret_message, "all patterns together take more than %u MiB", COMPILED_MOST >> 20);
	return PATTERN_INVALID;
}

int pattern_new(struct pattern_engine *engine, enum pattern_syntax syntax,
	const struct text *source, struct buffer *ret_message, struct pattern **ret_pattern)
{
	int error;
	size_t offset;
	unsigned char why[256];
	pcre2_code *code;
	struct pattern *pattern;

	if (engine->full)
		return refuse_full(ret_message);
	code = pcre2_compile((PCRE2_SPTR)source->bytes, source->length, compile_options(syntax),
		&error, &offset, engine->compile_context);
	if (!code) {
		pcre2_get_error_message(error, why, sizeof(why));
		buffer_format(ret_message, "%s, at byte %zu", (const char *)why, offset + 1);
		return PATTERN_INVALID;
	}
	account(engine, code);
	if (engine->full) {
		pcre2_code_free(code);
		return refuse_full(ret_message);
	}
	pattern = memory_allocate(sizeof(*pattern));
	*pattern = (struct pattern){engine, code};
	*ret_pattern = pattern;
	return 0;
}

struct pattern *pattern_free(struct pattern *pattern)
{
	if (!pattern)
		return NULL;
	pcre2_code_free(pattern->code);
	free(pattern);
	return NULL;
}

enum pattern_result pattern_match(const struct pattern *pattern, const struct text *subject)
{
	struct pattern_engine *engine = pattern->engine;
	int result = pcre2_match(pattern->code, (PCRE2_SPTR)subject->bytes, subject->length, 0, 0,
		engine->match_data, engine->match_context);

	if (result >= 0)
		return PATTERN_MATCH;
	return result == PCRE2_ERROR_NOMATCH ? PATTERN_NO_MATCH : PATTERN_LIMIT_HIT;
}
