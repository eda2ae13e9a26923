/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A clause that asks a value to be equal to one that few others name is a candidate of that value,
 * and stands in no bitmap. Most rules name an id or a slot: so bitmaps are short, the other
 * conditions of such a rule are judged for the devices that have its id only, and a thousand rules
 * for as many slots do not make as many bitmaps.
 *
 * A clause with a regex stays in the bitmaps: a candidate is asked anew for each device, and a
 * regex may take long.
 */
#include "rules/layout.h"

#include "base/memory.h"

#include <string.h>

/* Where more clauses name a value, bitmaps tell them apart: to try so many would take longer. */
#define CANDIDATES_MOST 8

/* A clause with more literals stands in the bitmaps, where they take no more memory than its text.
 */
#define CANDIDATE_LITERALS_MOST 8

/* One literal of the rule being added. */
struct entry {
	const struct literal *literal;
	struct column *column;
	struct vector named; /* of struct named_value: what it names; empty: it asks for more */
	bool regex;
};

/* A rule being added, in two rounds: which values its literals name, then where its clauses go. */
struct addition {
	struct layout *layout;
	struct rule *rule;
	struct clause_list list;
	struct entry *entries; /* one for each literal */
};

static struct column *find_column(struct layout *layout, const struct condition *test)
{
	const struct text *property = test->property;
	struct column *column =
		property ? map_find(&layout->by_property, property->bytes, property->length)
			 : layout->by_field[test->field];

	if (column)
		return column;
	column = column_new(test);
	vector_add(&layout->columns, column);
	if (property)
		map_add(&layout->by_property, property->bytes, property->length, column);
	else
		layout->by_field[test->field] = column;
	return column;
}

/* Whether it is that the value equals one of some texts, which is a comparison of addresses. */
static bool names_values(const struct condition *condition)
{
	if (condition->type == CONDITION_TEST)
		return condition->op == OP_EQUAL && condition->value_type != VALUE_LIST &&
		       (condition->value_type != VALUE_HEX ||
			       condition->value->length ==
				       field_describe(condition->field)->digits);
	if (condition->type != CONDITION_ANY)
		return false;
	for (size_t i = 0; i < condition->children.count; i++)
		if (!names_values(condition->children.items[i]))
			return false;
	return true;
}

/* The entries of all values that the condition names. */
static void find_named(
	struct column *column, const struct condition *condition, struct vector *ret_named)
{
	if (condition->type == CONDITION_TEST)
		vector_add(ret_named, column_name(column, condition->value));
	for (size_t i = 0; i < condition->children.count; i++)
		find_named(column, condition->children.items[i], ret_named);
}

static bool has_regex(const struct condition *condition)
{
	if (condition->type == CONDITION_TEST)
		return condition->op == OP_REGEX;
	for (size_t i = 0; i < condition->children.count; i++)
		if (has_regex(condition->children.items[i]))
			return true;
	return false;
}

static void begin_addition(struct addition *addition)
{
	clause_split(addition->rule->match, &addition->list);
	addition->entries = memory_allocate(addition->list.count * sizeof(*addition->entries));
	for (size_t i = 0; i < addition->list.count; i++) {
		const struct literal *literal = &addition->list.literals[i];
		struct entry *entry = &addition->entries[i];

		entry->literal = literal;
		entry->column = find_column(addition->layout, clause_test(literal->condition));
		entry->regex = has_regex(literal->condition);
		if (!literal->negated && names_values(literal->condition))
			find_named(entry->column, literal->condition, &entry->named);
	}
}

static void end_addition(struct addition *addition)
{
	for (size_t i = 0; i < addition->list.count; i++)
		vector_done(&addition->entries[i].named);
	free(addition->entries);
	clause_list_done(&addition->list);
}

static void count_uses(struct addition *addition)
{
	for (size_t i = 0; i < addition->list.count; i++) {
		const struct vector *named = &addition->entries[i].named;

		for (size_t j = 0; j < named->count; j++)
			((struct named_value *)named->items[j])->uses++;
	}
}

/* How many literals name the value of this one that most do; SIZE_MAX if it names none. */
static size_t most_uses(const struct entry *entry)
{
	size_t most = entry->named.count > 0 ? 0 : SIZE_MAX;

	for (size_t i = 0; i < entry->named.count; i++) {
		const struct named_value *named = entry->named.items[i];

		most = named->uses > most ? named->uses : most;
	}
	return most;
}

static bool requires(const struct entry *entry, unsigned clause)
{
	return entry->literal->clauses >> clause & 1;
}

/* The literal whose values the clause is to be a candidate of; NULL: it goes into the bitmaps. */
static const struct entry *choose_key(const struct addition *addition, unsigned clause)
{
	const struct entry *key = NULL;
	size_t uses = CANDIDATES_MOST + 1;
	size_t literals = 0;

	for (size_t i = 0; i < addition->list.count; i++) {
		const struct entry *entry = &addition->entries[i];

		if (!requires(entry, clause))
			continue;
		if (entry->regex || ++literals > CANDIDATE_LITERALS_MOST)
			return NULL;
		if (most_uses(entry) < uses) {
			uses = most_uses(entry);
			key = entry;
		}
	}
	return key;
}

static void add_check(struct layout *layout, const struct literal *literal)
{
	layout->checks =
		memory_make_room(layout->checks, layout->check_count, sizeof(*layout->checks));
	layout->checks[layout->check_count++] =
		(struct check){literal->condition, literal->negated};
}

static void add_candidate(const struct addition *addition, unsigned clause, const struct entry *key)
{
	struct layout *layout = addition->layout;
	struct candidate candidate = {
		.rule = addition->rule,
		.before = layout->context.rules.count,
		.first = layout->check_count,
	};

	for (size_t i = 0; i < addition->list.count; i++) {
		const struct entry *entry = &addition->entries[i];

		if (entry != key && requires(entry, clause))
			add_check(layout, entry->literal);
	}
	candidate.count = layout->check_count - candidate.first;
	for (size_t i = 0; i < key->named.count; i++)
		named_value_add_candidate(key->named.items[i], candidate);
	key->column->finds = true;
}

/* Bit i: the i-th clause of `chosen` is one of `clauses`. */
static uint64_t renumber(uint64_t clauses, uint64_t chosen)
{
	uint64_t result = 0;

	for (unsigned i = 0; chosen; chosen &= chosen - 1, i++)
		if (clauses & chosen & -chosen)
			result |= UINT64_C(1) << i;
	return result;
}

/*
 * Adds a literal to its column. Clauses that only ask for values by name are looked up there; those
 * that ask more of the field must be judged.
 */
static void add_literal(const struct entry *entry, struct bitmap_range range)
{
	struct bitmap_range judged = range;
	struct bitmap_range named = range;

	named.mask &= entry->named.count > 0 ? ~entry->column->twice : 0;
	judged.mask &= ~named.mask;
	for (size_t i = 0; i < entry->named.count && named.mask; i++)
		named_value_add_range(entry->named.items[i], named);
	if (judged.mask)
		column_add_literal(entry->column, entry->literal, judged);
	entry->column->judges |= range.mask != 0;
}

/* Puts those clauses of the rule into the bitmaps that are in `chosen`. */
static void add_clauses(const struct addition *addition, uint64_t chosen)
{
	struct vector *rules = &addition->layout->context.rules;
	size_t first = rules->count;

	for (uint64_t left = chosen; left; left &= left - 1)
		vector_add(rules, addition->rule);
	for (size_t i = 0; i < addition->list.count; i++) {
		const struct entry *entry = &addition->entries[i];

		entry->column->twice |=
			entry->column->once & renumber(entry->literal->clauses, chosen);
		entry->column->once |= renumber(entry->literal->clauses, chosen);
	}
	for (size_t i = 0; i < addition->list.count; i++) {
		const struct entry *entry = &addition->entries[i];
		uint64_t mask = renumber(entry->literal->clauses, chosen);

		add_literal(entry, (struct bitmap_range){first, mask});
	}
	for (size_t i = 0; i < addition->list.count; i++) {
		addition->entries[i].column->once = 0;
		addition->entries[i].column->twice = 0;
	}
}

static void place_clauses(struct addition *addition)
{
	uint64_t chosen = 0;

	for (unsigned clause = 0; clause < addition->list.clauses; clause++) {
		const struct entry *key = choose_key(addition, clause);

		if (key)
			add_candidate(addition, clause, key);
		else
			chosen |= UINT64_C(1) << clause;
	}
	if (chosen)
		add_clauses(addition, chosen);
}

static void for_each_rule(struct layout *layout, const struct vector *rules, enum kind kind,
	void (*work)(struct addition *))
{
	for (size_t i = 0; i < rules->count; i++) {
		struct addition addition = {.layout = layout, .rule = rules->items[i]};

		if (!addition.rule->enabled || addition.rule->group->kind != kind)
			continue;
		begin_addition(&addition);
		work(&addition);
		end_addition(&addition);
	}
}

/* Of a field that only candidates are asked about no value needs to be found. */
static void drop_idle_columns(struct layout *layout)
{
	struct vector *columns = &layout->columns;
	size_t kept = 0;

	for (size_t i = 0; i < columns->count; i++) {
		struct column *column = columns->items[i];

		if (column->judges || column->finds)
			columns->items[kept++] = column;
		else
			column_free(column, &layout->context.bitmaps);
	}
	columns->count = kept;
}

/* What columns were found by while clauses were added. */
static void end_search(struct layout *layout)
{
	memset(layout->by_field, 0, sizeof(layout->by_field));
	map_done(&layout->by_property);
}

void layout_init(
	struct layout *layout, const struct vector *rules, enum kind kind, uint64_t *limit_hits)
{
	struct column_context *context = &layout->context;

	*layout = (struct layout){.context.limit_hits = limit_hits};
	for_each_rule(layout, rules, kind, count_uses);
	for_each_rule(layout, rules, kind, place_clauses);
	end_search(layout);
	drop_idle_columns(layout);
	context->bitmaps.words = bitmap_words(context->rules.count);
	context->scratch = memory_allocate(context->bitmaps.words * sizeof(*context->scratch));
	for (size_t i = 0; i < layout->columns.count; i++)
		column_complete(layout->columns.items[i], context->rules.count, &context->bitmaps);
}

void layout_done(struct layout *layout)
{
	for (size_t i = 0; i < layout->columns.count; i++)
		column_free(layout->columns.items[i], &layout->context.bitmaps);
	vector_done(&layout->columns);
	free(layout->checks);
	vector_done(&layout->context.rules);
	bitmap_pool_done(&layout->context.bitmaps);
	free(layout->context.scratch);
}
