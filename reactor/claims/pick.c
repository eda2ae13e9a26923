/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claims/pick.h"

#include "base/map.h"
#include "base/memory.h"
#include "claims/holding.h"
#include "claims/identity.h"
#include "claims/owner.h"
#include "model/address.h"

#include <string.h>

/* The first function of the slot that this one is in; false: it is in none with others. */
static bool first_of_slot(const struct device *device, struct address *ret_first)
{
	const struct facts *facts = device->now.facts;
	const struct text *slot = facts_value(facts, FIELD_SLOT);

	if (!(facts->kinds & KIND_MASK(KIND_PCI)) ||
		text_is(facts_value(facts, FIELD_FUNCTION), "virtual") || !slot ||
		!address_parse(slot->bytes, ret_first))
		return false;
	ret_first->function = 0;
	return true;
}

/* A function that no rule wants goes with the others of its slot. */
static bool goes_along(const struct device *device)
{
	return device->now.state == STATE_UNMATCHED && !instance_of(device) && !device->twin_of;
}

/* A VF may share the slot number of its PF, but it is no function of the card's own. */
static bool is_of_slot(const struct device *device, uint64_t first)
{
	struct address own;

	return device->now.facts && first_of_slot(device, &own) && address_order(own) == first;
}

static bool add_slot(struct claims *claims, struct device *device, struct address first,
	struct vector *ret_devices)
{
	const struct vector *devices = &claims->devices->inventory.devices;
	size_t before = ret_devices->count;
	char id[KIND_PREFIX_SIZE + ADDRESS_SIZE];

	strcpy(id, kind_describe(KIND_PCI)->prefix);
	address_format(first, id + strlen(id));
	for (size_t at = inventory_locate(&claims->devices->inventory, id); at < devices->count;
		at++) {
		struct device *function = devices->items[at];
		const char *slot = kind_skip_prefix(KIND_PCI, function->id->bytes);
		struct address address;

		if (!slot || !address_parse(slot, &address) ||
			(address.function = 0, address_order(address)) != address_order(first))
			break;
		if (!is_of_slot(function, address_order(first)))
			continue;
		if ((!pick_is_free(function, device->now.group) && !goes_along(function)) ||
			!holding_can_fix(claims, function)) {
			ret_devices->count = before;
			return false;
		}
		vector_add(ret_devices, function);
	}
	return true;
}

bool pick_unit(struct claims *claims, const struct resource_group *group, struct device *device,
	struct vector *ret_devices)
{
	struct address first;

	if (!pick_is_free(device, group->name) || !holding_can_fix(claims, device))
		return false;
	if (group->all_functions && first_of_slot(device, &first))
		return add_slot(claims, device, first, ret_devices);
	vector_add(ret_devices, device);
	return true;
}

/* How many instances there are where the text says: on a PF, on a NUMA node. */
struct tally {
	const struct text *place;
	size_t count;
};

static void count_place(struct map *tallies, const struct text *place)
{
	struct tally *tally;

	if (!place)
		return;
	tally = map_find(tallies, place->bytes, place->length);
	if (!tally) {
		tally = memory_allocate(sizeof(*tally));
		tally->place = place;
		map_add(tallies, place->bytes, place->length, tally);
	}
	tally->count++;
}

static size_t tally_of(const struct map *tallies, const struct text *place)
{
	const struct tally *tally = place ? map_find(tallies, place->bytes, place->length) : NULL;

	return tally ? tally->count : 0;
}

/* Instances by PF and by NUMA node, for `spread` and `pack`. */
struct crowd {
	struct map functions;
	struct map nodes;
};

static void crowd_add(struct crowd *crowd, const struct device *device)
{
	count_place(&crowd->functions, facts_value(device->now.facts, FIELD_PHYSICAL_FUNCTION));
	count_place(&crowd->nodes, facts_value(device->now.facts, FIELD_NUMA_NODE));
}

static void crowd_count(struct crowd *crowd, const struct claims *claims)
{
	for (size_t i = 0; i < claims->instances.count; i++) {
		const struct instance *instance = claims->instances.items[i];
		const struct device *device = instance->identity->device;

		if (instance->phase != INSTANCE_RELEASED && device && device->now.facts)
			crowd_add(crowd, device);
	}
}

static void map_free_all(struct map *map)
{
	size_t cursor = 0;
	void *value;

	while ((value = map_next(map, &cursor)))
		free(value);
	map_done(map);
}

/* What makes one device be taken before another: the greater, from the first number on. */
struct merit {
	int64_t numbers[3];
};

static bool on_node(const struct device *device, int64_t node)
{
	const struct text *own = facts_value(device->now.facts, FIELD_NUMA_NODE);

	return node >= 0 && own && strtoll(own->bytes, NULL, 10) == node;
}

static struct merit merit_of(
	const struct device *device, const struct pick *pick, const struct crowd *crowd)
{
	const struct facts *facts = device->now.facts;
	int64_t sign = pick->group->select == SELECT_FIRST    ? 0
		       : pick->group->select == SELECT_SPREAD ? -1
							      : 1;

	return (struct merit){{
		on_node(device, pick->numa_node),
		sign * (int64_t)tally_of(
			       &crowd->functions, facts_value(facts, FIELD_PHYSICAL_FUNCTION)),
		sign * (int64_t)tally_of(&crowd->nodes, facts_value(facts, FIELD_NUMA_NODE)),
	}};
}

/* One claim's search: where it goes on, and whether the first free device is as good as any. */
struct search {
	const struct pick *pick;
	const struct vector *chosen; /* of struct device */
	struct crowd crowd;
	struct vector own; /* of struct device, free, that the owner had last */
	bool first_is_best;
	size_t from;
};

/* Whether what is chosen already has the identity that a claim would fix for this one. */
static bool is_double(
	const struct claims *claims, const struct search *search, struct device *device)
{
	for (size_t i = 0; i < search->chosen->count; i++) {
		const struct device *chosen = search->chosen->items[i];

		if (identity_is_shared(
			    &claims->devices->inventory, chosen->now.facts, device->now.facts))
			return true;
	}
	return false;
}

static bool is_whole(
	struct claims *claims, const struct resource_group *group, struct device *device)
{
	struct vector unit = {0};
	bool whole = pick_unit(claims, group, device, &unit);

	vector_done(&unit);
	return whole;
}

/* The best device so far; NULL: none yet. */
struct best {
	struct device *device;
	struct merit merit;
};

/* Of equals the first in the order of ids. */
static bool is_better(
	const struct device *device, const struct merit *merit, const struct best *than)
{
	if (!than->device)
		return true;
	for (size_t i = 0; i < ARRAY_LENGTH(merit->numbers); i++)
		if (merit->numbers[i] != than->merit.numbers[i])
			return merit->numbers[i] > than->merit.numbers[i];
	return device_order_compare(&device->order, &than->device->order) < 0;
}

static void consider(struct claims *claims, const struct search *search, struct device *device,
	struct best *best)
{
	const struct pick *pick = search->pick;
	struct merit merit;

	if (!pick_is_free(device, pick->group->name) || device->picked)
		return;
	merit = merit_of(device, pick, &search->crowd);
	if (is_better(device, &merit, best) && !is_double(claims, search, device) &&
		is_whole(claims, pick->group, device))
		*best = (struct best){device, merit};
}

/* Once for a claim: an owner may have very many. */
static void find_own(struct claims *claims, struct search *search)
{
	const struct owner *owner = owner_find(claims, search->pick->owner);

	if (!owner)
		return;
	list_for_each(at, &owner->identities) {
		const struct identity *identity = container_of(at, struct identity, link);

		if (identity->device && pick_is_free(identity->device, search->pick->group->name))
			vector_add(&search->own, identity->device);
	}
}

/* The best of the devices that the owner had last; NULL: none of them can be taken. */
static struct device *best_of_own(struct claims *claims, struct search *search)
{
	struct best best = {0};

	for (size_t i = 0; i < search->own.count; i++)
		consider(claims, search, search->own.items[i], &best);
	if (!best.device)
		search->own.count = 0;
	return best.device;
}

/* The best of all; NULL: none is free. */
static struct device *best_of_all(struct claims *claims, struct search *search)
{
	const struct vector *devices = &claims->devices->inventory.devices;
	struct best best = {0};
	size_t i;

	for (i = search->from; i < devices->count; i++) {
		consider(claims, search, devices->items[i], &best);
		if (best.device && search->first_is_best)
			break;
	}
	if (search->first_is_best)
		search->from = i;
	return best.device;
}

static void take_unit(
	struct claims *claims, struct search *search, struct device *device, struct vector *devices)
{
	size_t before = devices->count;

	pick_unit(claims, search->pick->group, device, devices);
	for (size_t i = before; i < devices->count; i++) {
		struct device *chosen = devices->items[i];

		chosen->picked = true;
		crowd_add(&search->crowd, chosen);
	}
}

bool pick_devices(struct claims *claims, const struct pick *pick, struct vector *ret_devices)
{
	struct search search = {.pick = pick, .chosen = ret_devices};
	size_t units = 0;

	search.first_is_best = pick->group->select == SELECT_FIRST && pick->numa_node < 0;
	if (pick->group->select != SELECT_FIRST)
		crowd_count(&search.crowd, claims);
	find_own(claims, &search);
	while (units < pick->count) {
		struct device *device = best_of_own(claims, &search);

		if (!device)
			device = best_of_all(claims, &search);
		if (!device)
			break;
		take_unit(claims, &search, device, ret_devices);
		units++;
	}
	for (size_t i = 0; i < ret_devices->count; i++)
		((struct device *)ret_devices->items[i])->picked = false;
	vector_done(&search.own);
	map_free_all(&search.crowd.functions);
	map_free_all(&search.crowd.nodes);
	return units == pick->count;
}
