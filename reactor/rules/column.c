/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A new value is held against every literal of the field once, by the plain evaluator on facts that
 * have nothing but this value, so there is one implementation of the operators. Literals that ask
 * the same stand side by side and are asked once; `equal` is looked up. Where a field is only asked
 * for values by name, as ids mostly are, those that nobody names take no room at all.
 *
 * Addresses are hashed, not bytes: a device chooses its strings, but not where they lie.
 */
#include "rules/column.h"

#include "base/memory.h"
#include "rules/bigram.h"
#include "rules/evaluate.h"

#include <assert.h>
#include <string.h>

#define SMALLEST_POWER 3

struct column *column_new(const struct condition *test)
{
	struct column *column = memory_allocate(sizeof(*column));

	column->field = test->field;
	column->property = test->property;
	column->shift = 64 - SMALLEST_POWER;
	column->slots = memory_allocate(sizeof(*column->slots) << SMALLEST_POWER);
	return column;
}

static size_t capacity(const struct column *column)
{
	return (size_t)1 << (64 - column->shift);
}

static void named_value_free(struct named_value *named)
{
	if (!named)
		return;
	free(named->candidates);
	free(named->ranges);
	free(named);
}

struct column *column_free(struct column *column, struct bitmap_pool *bitmaps)
{
	if (!column)
		return NULL;
	for (size_t i = 0; i < capacity(column); i++) {
		bitmap_unref(bitmaps, column_slot_bitmap(&column->slots[i]));
		named_value_free(column_slot_named(&column->slots[i]));
	}
	bitmap_unref(bitmaps, column_slot_bitmap(&column->absent));
	bitmap_unref(bitmaps, column->rest);
	free(column->slots);
	free(column->unnamed);
	free(column->judgements);
	free(column);
	return NULL;
}

static void resize(struct column *column, unsigned shift)
{
	struct column_slot *old = column->slots;
	size_t count = capacity(column);

	column->shift = shift;
	column->slots = memory_allocate(capacity(column) * sizeof(*column->slots));
	for (size_t i = 0; i < count; i++)
		if (old[i].text)
			*column_find(column, old[i].text) = old[i];
	free(old);
}

static struct column_slot *put_slot(struct column *column, const struct text *text)
{
	struct column_slot *slot = column_find(column, text);

	if (slot->text)
		return slot;
	if (column->count >= capacity(column) / 2) {
		resize(column, column->shift - 1);
		slot = column_find(column, text);
	}
	slot->text = text;
	column->count++;
	return slot;
}

void column_forget(struct column *column, const struct text *text, struct bitmap_pool *bitmaps)
{
	struct column_slot *slot = column_find(column, text);
	size_t mask = capacity(column) - 1;
	size_t next = (size_t)(slot - column->slots);

	if (!slot->text)
		return;
	assert(!column_slot_named(slot)); /* a rule holds its text */
	bitmap_unref(bitmaps, column_slot_bitmap(slot));
	*slot = (struct column_slot){0};
	column->count--;
	/* what was put behind the hole may have its place in it, or before */
	for (next = (next + 1) & mask; column->slots[next].text; next = (next + 1) & mask) {
		struct column_slot moved = column->slots[next];

		column->slots[next] = (struct column_slot){0};
		*column_find(column, moved.text) = moved;
	}
	if (column->count < capacity(column) / 8 && column->shift < 64 - SMALLEST_POWER)
		resize(column, column->shift + 1);
}

struct named_value *column_name(struct column *column, const struct text *text)
{
	struct column_slot *slot = put_slot(column, text);

	if (!slot->known)
		slot->known = (uintptr_t)memory_allocate(sizeof(struct named_value)) + 1;
	return column_slot_named(slot);
}

void named_value_add_range(struct named_value *named, struct bitmap_range range)
{
	named->ranges = memory_make_room(named->ranges, named->range_count, sizeof(*named->ranges));
	named->ranges[named->range_count++] = range;
}

void named_value_add_candidate(struct named_value *named, struct candidate candidate)
{
	named->candidates = memory_make_room(
		named->candidates, named->candidate_count, sizeof(*named->candidates));
	named->candidates[named->candidate_count++] = candidate;
}

void column_add_literal(
	struct column *column, const struct literal *literal, struct bitmap_range range)
{
	column->judgements = memory_make_room(
		column->judgements, column->judgement_count, sizeof(*column->judgements));
	column->judgements[column->judgement_count++] = (struct judgement){
		.condition = literal->condition,
		.range = range,
		.bigrams = bigram_required(literal->condition),
		.negated = literal->negated,
	};
	column->judges = true;
}

static int order(uintptr_t left, uintptr_t right)
{
	return (left > right) - (left < right);
}

/* 0 if both ask the same. */
static int compare_judgements(const struct judgement *left, const struct judgement *right)
{
	const struct condition *first = left->condition;
	const struct condition *second = right->condition;
	int result = order(left->negated, right->negated);

	if (!result && first != second)
		result = order(first->type, second->type);
	if (result || first == second)
		return result;
	if (first->type != CONDITION_TEST)
		return order((uintptr_t)first, (uintptr_t)second);
	result = order(first->op, second->op);
	return result ? result : order((uintptr_t)first->value, (uintptr_t)second->value);
}

static int by_question(const void *left, const void *right)
{
	const struct judgement *first = left;
	const struct judgement *second = right;
	int result = compare_judgements(first, second);

	return result ? result : order(first->range.first, second->range.first);
}

static void clear_named(struct column *column)
{
	for (size_t i = 0; i < capacity(column); i++) {
		const struct named_value *named = column_slot_named(&column->slots[i]);

		for (size_t j = 0; named && j < named->range_count; j++)
			bitmap_clear(column->unnamed, named->ranges[j]);
	}
}

void column_complete(struct column *column, size_t clauses, struct bitmap_pool *bitmaps)
{
	if (!column->judges)
		return;
	column->unnamed = memory_allocate(bitmap_words(clauses) * sizeof(uint64_t));
	bitmap_fill(column->unnamed, clauses);
	clear_named(column);
	if (column->judgement_count == 0) {
		column->rest = bitmap_share(bitmaps, column->unnamed);
		return;
	}
	qsort(column->judgements, column->judgement_count, sizeof(*column->judgements),
		by_question);
	for (size_t i = 1; i < column->judgement_count; i++)
		column->judgements[i].repeats =
			compare_judgements(&column->judgements[i], &column->judgements[i - 1]) == 0;
}

static void count_limit_hit(
	const struct column *column, size_t judgement, const struct column_context *context)
{
	(*context->limit_hits)++;
	do {
		struct rule *rule = context->rules.items[column->judgements[judgement].range.first];

		rule->limit_hit = true;
	} while (++judgement < column->judgement_count && column->judgements[judgement].repeats);
}

static bool judge(const struct column *column, size_t at, struct text *value,
	const struct column_context *context)
{
	const struct judgement *judgement = &column->judgements[at];
	bool limit_hit = false;
	bool holds = evaluate_value(judgement->condition, value, &limit_hit);

	if (limit_hit)
		count_limit_hit(column, at, context);
	return holds != judgement->negated;
}

/* Clears what does not hold for the value. */
static void apply_judgements(
	const struct column *column, struct text *value, const struct column_context *context)
{
	uint64_t bigrams = value ? bigram_set(value->bytes, value->length) : 0;
	bool holds = false;

	for (size_t i = 0; i < column->judgement_count; i++) {
		const struct judgement *judgement = &column->judgements[i];

		if (judgement->bigrams & ~bigrams)
			holds = judgement->negated;
		else if (!judgement->repeats)
			holds = judge(column, i, value, context);
		if (!holds)
			bitmap_clear(context->scratch, judgement->range);
	}
}

struct bitmap *column_judge(
	struct column *column, struct text *text, struct column_context *context)
{
	struct column_slot *slot = text ? put_slot(column, text) : &column->absent;
	struct named_value *named = column_slot_named(slot);
	struct bitmap *bitmap;

	memcpy(context->scratch, column->unnamed, context->bitmaps.words * sizeof(uint64_t));
	for (size_t i = 0; named && i < named->range_count; i++)
		bitmap_set(context->scratch, named->ranges[i]);
	apply_judgements(column, text, context);
	bitmap = bitmap_share(&context->bitmaps, context->scratch);
	if (named)
		named->bitmap = bitmap;
	else
		slot->known = (uintptr_t)bitmap;
	if (text)
		text_watch(text);
	return bitmap;
}
