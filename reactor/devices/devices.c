/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/devices.h"

#include "base/memory.h"
#include "devices/settle.h"
#include "devices/show.h"
#include "model/candidate.h"
#include "model/instance.h"
#include "rules/ruleset.h"

#include <assert.h>
#include <string.h>

void devices_init(struct devices *devices, struct text_pool *pool, struct counters *counters)
{
	*devices = (struct devices){.pool = pool, .counters = counters, .ruleset = ruleset_new()};
	stage_init(&devices->stage);
}

void devices_done(struct devices *devices)
{
	devices_unstage_rules(devices);
	vector_done(&devices->touched);
	vector_done(&devices->changed);
	vector_done(&devices->shown);
	inventory_done(&devices->inventory);
	ruleset_free(devices->ruleset);
	*devices = (struct devices){0};
}

static void mark_touched(struct devices *devices, struct device *device)
{
	if (!device->touched)
		vector_add(&devices->touched, device);
	device->touched = true;
}

void devices_touch(struct devices *devices, struct device *device)
{
	device->stale = true;
	mark_touched(devices, device);
}

/* `replaced`: what was there until now is gone. */
static void mark_changed(struct devices *devices, struct device *device, bool replaced)
{
	devices_touch(devices, device);
	device->replaced |= replaced;
	if (!device->changed)
		vector_add(&devices->changed, device);
	device->changed = true;
}

/*
 * The rule of `ruleset`, which is the one in force or the staged one, that decides: nothing else
 * does. What limits the staged ones run into counts once they are in force.
 */
static const struct rule *decide(
	struct devices *devices, struct ruleset *ruleset, const struct facts *facts)
{
	uint64_t hits = ruleset->limit_hits;
	const struct rule *verdict = ruleset_decide(ruleset, facts);

	if (ruleset == devices->ruleset)
		devices->counters->values[COUNTER_REGEX_LIMIT_HITS] += ruleset->limit_hits - hits;
	return verdict;
}

static void lose(struct devices *devices, struct device *device)
{
	if (!device->now.facts)
		return;
	stage_forget(device);
	device_view_done(device_change(device));
	device->verdict = NULL;
	mark_changed(devices, device, true);
}

void devices_see(struct devices *devices, struct facts *facts)
{
	struct device *device = inventory_put(&devices->inventory, facts->id);
	struct facts *before = device->now.facts;
	bool differs = !before || !facts_equal(before, facts);

	device->doubted = false;
	device->unlisted = false;
	/* equal in the properties that the rules in force name says nothing of others */
	if (differs || devices->stage.other_keys)
		stage_mark(&devices->stage, device);
	if (!differs) {
		facts_unref(facts);
		return;
	}
	mark_changed(devices, device, before && before->life != facts->life);
	device_change(device)->facts = facts;
	facts_unref(before);
	device->verdict = decide(devices, devices->ruleset, facts);
}

/* Whether `device` is among the candidates of `found` from *cursor on, which follows the order. */
static bool is_found(const struct vector *found, size_t *cursor, const struct device *device)
{
	for (; *cursor < found->count; (*cursor)++) {
		const struct facts *facts = found->items[*cursor];
		struct device_order order = device_order_of(facts->id->bytes);

		if (device_order_compare(&order, &device->order) >= 0)
			return facts->id == device->id;
	}
	return false;
}

/*
 * Loses the candidates of the function `id` that are not among `found`; but one that an instance
 * has stays, until that lets go of it, as long as the function's life is the same (0: it is over).
 */
static void lose_candidates(
	struct devices *devices, const char *id, uint64_t life, const struct vector *found)
{
	const struct vector *all = &devices->inventory.devices;
	char prefix[CANDIDATE_ID_SIZE];
	size_t cursor = 0;

	if (!candidate_prefix(id, prefix))
		return;
	for (size_t i = inventory_locate(&devices->inventory, prefix); i < all->count; i++) {
		struct device *device = all->items[i];

		if (strncmp(device->id->bytes, prefix, strlen(prefix)) != 0)
			break;
		if (is_found(found, &cursor, device))
			continue;
		device->unlisted =
			device->now.facts && instance_of(device) && device->now.facts->life == life;
		if (!device->unlisted)
			lose(devices, device);
	}
}

void devices_see_all(struct devices *devices, struct vector *found)
{
	const struct facts *carrier = found->items[0];

	lose_candidates(devices, carrier->id->bytes, carrier->life, found);
	for (size_t i = 0; i < found->count; i++)
		devices_see(devices, found->items[i]);
	vector_done(found);
}

void devices_doubt(struct devices *devices, const char *id)
{
	struct device *device = inventory_find(&devices->inventory, id);

	if (device)
		device->doubted = true;
}

void devices_lose(struct devices *devices, const char *id)
{
	struct device *device = inventory_find(&devices->inventory, id);

	lose_candidates(devices, id, 0, &(struct vector){0});
	if (device)
		lose(devices, device);
}

static void add_move(struct vector *moves, const struct device *device, struct text *from)
{
	struct move *move = memory_allocate(sizeof(*move));

	move->device = text_ref(device->id);
	move->from = text_ref(from);
	move->to = text_ref(device->now.group);
	vector_add(moves, move);
}

void move_list_done(struct vector *moves)
{
	for (size_t i = 0; i < moves->count; i++) {
		struct move *move = moves->items[i];

		text_unref(move->device);
		text_unref(move->from);
		text_unref(move->to);
		free(move);
	}
	vector_done(moves);
}

void devices_stage_rules(struct devices *devices, struct ruleset *ruleset)
{
	stage_begin(&devices->stage, ruleset, &devices->ruleset->properties, &devices->inventory);
}

struct device *devices_stage_next(const struct devices *devices)
{
	return stage_next(&devices->stage);
}

void devices_stage_device(struct devices *devices, struct device *device, struct facts *facts)
{
	const struct rule *verdict =
		decide(devices, devices->stage.ruleset, facts ? facts : device->now.facts);

	stage_decided(&devices->stage, device, facts, verdict);
}

bool devices_stage_is_overdue(const struct devices *devices)
{
	return devices->stage.decisions > 2 * devices->inventory.devices.count;
}

void devices_unstage_rules(struct devices *devices)
{
	ruleset_free(stage_end(&devices->stage, &devices->inventory));
}

static void take_next(struct devices *devices, struct device *device, struct vector *moves)
{
	struct text *before = text_ref(device->now.group);
	struct next *next = device->next;
	bool differs;

	device->verdict = next->verdict;
	differs = show_device(device, devices->pool);
	if (next->facts) {
		struct device_view *now = device_change(device);

		facts_unref(now->facts);
		now->facts = facts_ref(next->facts);
	}
	if (differs || next->facts)
		mark_touched(devices, device);
	if (before != device->now.group)
		add_move(moves, device, before);
	text_unref(before);
}

void devices_swap_rules(struct devices *devices, struct vector *ret_moves)
{
	struct ruleset *old = devices->ruleset;

	assert(!devices_stage_next(devices));
	devices_show(devices); /* what changed until now did so by the old rules: it is no move */
	for (size_t i = 0; i < devices->inventory.devices.count; i++) {
		struct device *device = devices->inventory.devices.items[i];

		if (device->now.facts)
			take_next(devices, device, ret_moves);
	}
	devices->ruleset = stage_end(&devices->stage, &devices->inventory);
	devices->counters->values[COUNTER_REGEX_LIMIT_HITS] += devices->ruleset->limit_hits;
	ruleset_free(old);
	devices->rules_reloaded = true;
}

void devices_note_resync(struct devices *devices)
{
	devices->resynced = true;
}

void devices_show(struct devices *devices)
{
	for (size_t i = 0; i < devices->touched.count; i++) {
		struct device *device = devices->touched.items[i];

		if (!device->stale)
			continue;
		device->stale = false;
		if (device->now.facts)
			show_device(device, devices->pool);
		vector_add(&devices->shown, device);
	}
}

void devices_settle(struct devices *devices, struct delta *ret_delta)
{
	assert(devices->changed.count == 0);
	devices->shown.count = 0;
	for (size_t i = 0; i < devices->touched.count; i++) {
		struct device *device = devices->touched.items[i];

		device->touched = false;
		settle_device(device, ret_delta);
		if (!device->now.facts)
			inventory_drop(&devices->inventory, device);
	}
	devices->touched.count = 0;
}

void devices_settle_marks(struct devices *devices, struct delta *ret_delta)
{
	if (devices->rules_reloaded)
		delta_add(ret_delta, EVENT_RULES_RELOADED);
	if (devices->resynced)
		delta_add(ret_delta, EVENT_RESYNC);
	devices->rules_reloaded = false;
	devices->resynced = false;
}

const struct device *devices_find(const struct devices *devices, const char *id)
{
	const struct device *device = inventory_find(&devices->inventory, id);

	return device && device->now.facts ? device : NULL;
}
