/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the clauses of one matcher (matcher.h) make of the values of one field: for each value seen
 * a bitmap of the clauses that it satisfies, as far as this field goes. Private to the matcher.
 *
 * A value is found by the address of its text and not held: column_forget follows its end.
 */
#pragma once

#include "model/facts.h"
#include "rules/bitmap.h"
#include "rules/clause.h"
#include "rules/rule.h"

/* A clause that stands in no bitmap, since one value it is looked up by is all but enough. */
struct candidate {
	const struct rule *rule;
	uint32_t before; /* clauses of the bitmaps that come before it */
	uint32_t first;	 /* of its other literals, among the matcher's checks */
	uint32_t count;
};

/* A value that rules name by `equal`; they hold its text. */
struct named_value {
	struct bitmap *bitmap; /* NULL: not judged yet */
	size_t uses; /* literals that name it; only while clauses are given their places */
	struct candidate *candidates; /* in the order of rules */
	size_t candidate_count;
	struct bitmap_range *ranges; /* clauses of the bitmaps that ask no more of the field */
	size_t range_count;
};

/*
 * Few values are named, so one word serves both: what a decision costs is mostly how many cache
 * lines the slots of a machine's values take.
 */
struct column_slot {
	const struct text *text; /* NULL: empty, or the absent value */
	uintptr_t known;	 /* its bitmap; one more than its named_value; 0: not judged yet */
};

/* One literal, for the clauses of one rule that require it. */
struct judgement {
	const struct condition *condition;
	struct bitmap_range range;
	uint64_t bigrams; /* that a value must have, or the condition does not hold */
	bool negated;
	bool repeats; /* asks the same as the one before */
};

struct column {
	enum field field;	   /* or, FIELD_COUNT, a udev property: */
	struct text *property;	   /* held by the rules that name it */
	bool judges;		   /* some clause of the bitmaps names the field */
	bool finds;		   /* candidates are found by its values */
	unsigned shift;		   /* 64 less the power of two that is the number of slots */
	struct column_slot *slots; /* open addressing */
	struct column_slot absent;
	size_t count;
	uint64_t *unnamed;   /* bitmap of a value that nobody names, before it is judged */
	struct bitmap *rest; /* likewise, where nothing is left to judge; else NULL */
	struct judgement *judgements;
	size_t judgement_count;
	uint64_t once;	/* while a rule is added: its clauses with a literal of this field ... */
	uint64_t twice; /* ... with several */
};

/* What the columns of one matcher share. */
struct column_context {
	uint64_t *limit_hits; /* match limits that were hit */
	struct vector rules;  /* of struct rule: of each clause in the bitmaps */
	struct bitmap_pool bitmaps;
	uint64_t *scratch; /* a bitmap in the making */
};

struct column *column_new(const struct condition *test);
struct column *column_free(struct column *column, struct bitmap_pool *bitmaps);

/* The entry of a value that rules name. */
struct named_value *column_name(struct column *column, const struct text *text);

void named_value_add_range(struct named_value *named, struct bitmap_range range);
void named_value_add_candidate(struct named_value *named, struct candidate candidate);

/* The clauses of `range` require `literal`. */
void column_add_literal(
	struct column *column, const struct literal *literal, struct bitmap_range range);

/* All literals are there: judging may begin. */
void column_complete(struct column *column, size_t clauses, struct bitmap_pool *bitmaps);

/*
 * Makes the bitmap of a value that has none yet. Counts match limits that were hit: once for
 * each regex, and in all rules that have it.
 */
struct bitmap *column_judge(
	struct column *column, struct text *text, struct column_context *context);

/* Nothing stays of a value that no rule names. */
void column_forget(struct column *column, const struct text *text, struct bitmap_pool *bitmaps);

static inline struct named_value *column_slot_named(const struct column_slot *slot)
{
	return slot->known & 1 ? (struct named_value *)(slot->known - 1) : NULL;
}

/* NULL: not judged yet. */
static inline struct bitmap *column_slot_bitmap(const struct column_slot *slot)
{
	const struct named_value *named = column_slot_named(slot);

	return named ? named->bitmap : (struct bitmap *)slot->known;
}

/* What is known without judging; NULL: it must be judged. `slot`: where column_find ended. */
static inline struct bitmap *column_known(
	const struct column *column, const struct column_slot *slot)
{
	return slot->known ? column_slot_bitmap(slot) : column->rest;
}

/* The value in this column's field; NULL: absent. */
static inline struct text *column_value(const struct column *column, const struct facts *facts)
{
	if (column->property)
		return facts_property(facts, column->property);
	return facts_value(facts, column->field);
}

static inline size_t column_hash(const struct column *column, const struct text *text)
{
	return ((uintptr_t)text * UINT64_C(0x9e3779b97f4a7c15)) >> column->shift;
}

/* Where the slot of a value most likely is. */
static inline const struct column_slot *column_home(
	const struct column *column, const struct text *text)
{
	return &column->slots[column_hash(column, text)];
}

/* The slot of a value, or an empty one. */
static inline struct column_slot *column_find(struct column *column, const struct text *text)
{
	size_t mask = ((size_t)1 << (64 - column->shift)) - 1;
	size_t at = column_hash(column, text);

	/* the first step is taken without a branch, which would be mispredicted for every fourth */
	at = (at + (column->slots[at].text && column->slots[at].text != text)) & mask;
	while (column->slots[at].text && column->slots[at].text != text)
		at = (at + 1) & mask;
	return &column->slots[at];
}
