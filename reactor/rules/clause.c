/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `not` goes down to the leaves by De Morgan's laws and turns no operator round: `not less` holds
 * on an absent value, where `greater-or-equal` does not. What must hold together is taken apart.
 * Alternatives make clauses, unless all name one field: these are judged as a whole, so that a
 * thousand serials in an `any` are one clause.
 *
 * A literal is kept once, with the set of clauses that require it, however many those are: a rule
 * of 64 clauses takes no more memory than its text.
 */
#include "rules/clause.h"

#include "base/memory.h"

const struct condition *clause_test(const struct condition *condition)
{
	while (condition->type != CONDITION_TEST)
		condition = condition->children.items[0];
	return condition;
}

static bool names_one_field(const struct condition *condition, const struct condition *test)
{
	if (condition->type == CONDITION_TEST)
		return condition->field == test->field && condition->property == test->property;
	for (size_t i = 0; i < condition->children.count; i++)
		if (!names_one_field(condition->children.items[i], test))
			return false;
	return true;
}

/* Whether all children must hold, where the condition must, or must not if it is negated. */
static bool is_conjunction(const struct condition *condition, bool negated)
{
	return condition->type == (negated ? CONDITION_ANY : CONDITION_ALL);
}

static bool is_literal(const struct condition *condition, bool negated)
{
	if (condition->type == CONDITION_TEST)
		return true;
	return condition->type != CONDITION_NOT && !is_conjunction(condition, negated) &&
	       condition->children.count > 1 && names_one_field(condition, clause_test(condition));
}

static unsigned count_clauses(const struct condition *condition, bool negated)
{
	bool product = is_conjunction(condition, negated);
	unsigned count = product;

	if (is_literal(condition, negated))
		return 1;
	if (condition->type == CONDITION_NOT)
		return count_clauses(condition->children.items[0], !negated);
	for (size_t i = 0; i < condition->children.count && count <= CLAUSE_MOST; i++) {
		unsigned child = count_clauses(condition->children.items[i], negated);

		count = product ? count * child : count + child;
	}
	return count <= CLAUSE_MOST ? count : CLAUSE_MOST + 1;
}

unsigned clause_count(const struct condition *match)
{
	return count_clauses(match, false);
}

static void add_literal(struct clause_list *list, struct literal literal)
{
	list->literals = memory_make_room(list->literals, list->count, sizeof(*list->literals));
	list->literals[list->count++] = literal;
}

/* Clause i of the condition is required by the clauses sets[i] of the match. */
static void split(struct clause_list *list, const struct condition *condition, bool negated,
	const uint64_t *sets);

/* The combinations are numbered like the digits of a number, the first child's changing fastest. */
static void split_conjunction(struct clause_list *list, const struct condition *condition,
	bool negated, const uint64_t *sets)
{
	unsigned count = count_clauses(condition, negated);
	unsigned place = 1;

	for (size_t i = 0; i < condition->children.count; i++) {
		const struct condition *child = condition->children.items[i];
		unsigned alternatives = count_clauses(child, negated);
		uint64_t own[CLAUSE_MOST] = {0};

		for (unsigned at = 0; at < count; at++)
			own[at / place % alternatives] |= sets[at];
		split(list, child, negated, own);
		place *= alternatives;
	}
}

static void split(struct clause_list *list, const struct condition *condition, bool negated,
	const uint64_t *sets)
{
	if (is_literal(condition, negated)) {
		add_literal(list, (struct literal){condition, negated, sets[0]});
	} else if (condition->type == CONDITION_NOT) {
		split(list, condition->children.items[0], !negated, sets);
	} else if (is_conjunction(condition, negated)) {
		split_conjunction(list, condition, negated, sets);
	} else {
		for (size_t i = 0; i < condition->children.count; i++) {
			split(list, condition->children.items[i], negated, sets);
			sets += count_clauses(condition->children.items[i], negated);
		}
	}
}

void clause_split(const struct condition *match, struct clause_list *ret_list)
{
	uint64_t sets[CLAUSE_MOST];

	*ret_list = (struct clause_list){.clauses = clause_count(match)};
	for (unsigned i = 0; i < ret_list->clauses; i++)
		sets[i] = UINT64_C(1) << i;
	split(ret_list, match, false, sets);
}

void clause_list_done(struct clause_list *list)
{
	free(list->literals);
	*list = (struct clause_list){0};
}
