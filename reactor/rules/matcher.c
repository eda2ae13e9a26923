/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * First match over rules with typed fields is packet classification, and is solved as that: bit
 * vectors (Lakshman and Stiliadis, SIGCOMM 1998), built lazily. Rules become clauses (clause.h),
 * numbered in the order of rules. For each field a column (column.h) gives the bitmap of the
 * clauses that the device's value satisfies; the lowest bit set in all of them is the answer, but
 * for the clauses that are found by a value that they name (layout.c).
 */
#include "rules/matcher.h"

#include "base/memory.h"
#include "rules/evaluate.h"
#include "rules/layout.h"

#include <string.h>

struct matcher {
	struct text_watcher watcher; // text_pool::watchers
	struct text_pool *pool;
	struct layout layout;
	/* scratch: of one device, in each column */
	struct text **values;
	const uint64_t **rows; /* bitmaps, of those columns that have one */
};

static void forget_value(struct text_watcher *watcher, const struct text *text)
{
	struct matcher *matcher = container_of(watcher, struct matcher, watcher);
	struct layout *layout = &matcher->layout;

	for (size_t i = 0; i < layout->columns.count; i++)
		column_forget(layout->columns.items[i], text, &layout->context.bitmaps);
}

struct matcher *matcher_new(
	const struct vector *rules, enum kind kind, struct text_pool *pool, uint64_t *limit_hits)
{
	struct matcher *matcher = memory_allocate(sizeof(*matcher));

	matcher->watcher.gone = forget_value;
	matcher->pool = pool;
	text_pool_watch(pool, &matcher->watcher);
	layout_init(&matcher->layout, rules, kind, limit_hits);
	if (matcher->layout.columns.count == 0)
		return matcher_free(matcher);
	matcher->values = memory_allocate(matcher->layout.columns.count * sizeof(*matcher->values));
	matcher->rows = memory_allocate(matcher->layout.columns.count * sizeof(*matcher->rows));
	return matcher;
}

struct matcher *matcher_free(struct matcher *matcher)
{
	if (!matcher)
		return NULL;
	text_pool_unwatch(matcher->pool, &matcher->watcher);
	layout_done(&matcher->layout);
	free(matcher->values);
	free(matcher->rows);
	free(matcher);
	return NULL;
}

static bool candidate_holds(
	const struct layout *layout, const struct candidate *candidate, const struct facts *facts)
{
	bool limit_hit = false; /* candidates have no regex */

	for (uint32_t i = 0; i < candidate->count; i++) {
		const struct check *check = &layout->checks[candidate->first + i];

		if (evaluate_condition(check->condition, facts, &limit_hit) == check->negated)
			return false;
	}
	return true;
}

/* The first candidate of the value that comes before `best` and holds, or `best`. */
static const struct candidate *find_candidate(const struct layout *layout,
	const struct named_value *named, const struct facts *facts, const struct candidate *best)
{
	for (size_t i = 0; i < named->candidate_count; i++) {
		const struct candidate *candidate = &named->candidates[i];

		if (best && candidate->rule->number >= best->rule->number)
			break;
		if (candidate_holds(layout, candidate, facts))
			return candidate;
	}
	return best;
}

/*
 * The rule of the first bit set in all of the rows, in their first `words`; NULL if there is none.
 * By chunks, which compilers turn into vectors.
 */
static const struct rule *find_common(const struct matcher *matcher, size_t rows, size_t words)
{
	for (size_t at = 0; at < words; at += BITMAP_CHUNK) {
		uint64_t chunk[BITMAP_CHUNK];

		memcpy(chunk, matcher->rows[0] + at, sizeof(chunk));
		for (size_t row = 1; row < rows; row++)
			for (size_t i = 0; i < BITMAP_CHUNK; i++)
				chunk[i] &= matcher->rows[row][at + i];
		for (size_t i = 0; i < BITMAP_CHUNK; i++)
			if (chunk[i])
				return matcher->layout.context.rules
					.items[(at + i) * 64 + (size_t)__builtin_ctzll(chunk[i])];
	}
	return NULL;
}

const struct rule *matcher_decide(struct matcher *matcher, const struct facts *facts)
{
	struct layout *layout = &matcher->layout;
	const struct candidate *best = NULL;
	const struct rule *common;
	size_t rows = 0;

	for (size_t i = 0; i < layout->columns.count; i++) {
		matcher->values[i] = column_value(layout->columns.items[i], facts);
		__builtin_prefetch(column_home(layout->columns.items[i], matcher->values[i]));
	}
	for (size_t i = 0; i < layout->columns.count; i++) {
		struct column *column = layout->columns.items[i];
		struct text *value = matcher->values[i];
		const struct column_slot *slot =
			value ? column_find(column, value) : &column->absent;
		const struct named_value *named = column_slot_named(slot);
		const struct bitmap *bitmap = column_known(column, slot);

		if (named)
			best = find_candidate(layout, named, facts, best);
		if (column->judges && !bitmap)
			bitmap = column_judge(column, value, &layout->context);
		if (column->judges)
			matcher->rows[rows++] = bitmap->words;
	}
	common = find_common(
		matcher, rows, best ? bitmap_words(best->before) : layout->context.bitmaps.words);
	return rule_first(best ? best->rule : NULL, common);
}
