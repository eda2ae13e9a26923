/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/core.h"

#include "base/memory.h"
#include "core/claims_internal.h"
#include "core/holding.h"
#include "core/settle.h"
#include "model/candidate.h"

#include <assert.h>
#include <string.h>

void core_init(struct core *core, struct text_pool *pool, struct counters *counters)
{
	*core = (struct core){.pool = pool, .counters = counters, .ruleset = ruleset_new()};
	claims_init(&core->claims);
	stage_init(&core->stage);
}

void core_done(struct core *core)
{
	core_unstage_rules(core);
	vector_done(&core->touched);
	claims_done(core);
	inventory_done(&core->inventory);
	ruleset_free(core->ruleset);
	*core = (struct core){0};
}

static void touch(struct core *core, struct device *device)
{
	if (device->touched)
		return;
	device->touched = true;
	vector_add(&core->touched, device);
}

/*
 * What a device with these facts belongs to by `ruleset`, which is the one in force or the staged
 * one: nothing else decides. What limits the staged ones run into counts once they are in force.
 */
static struct membership decide(
	struct core *core, struct ruleset *ruleset, const struct facts *facts)
{
	uint64_t hits = ruleset->limit_hits;
	struct membership found = membership_decide(ruleset, facts);

	if (ruleset == core->ruleset)
		core->counters->values[COUNTER_REGEX_LIMIT_HITS] += ruleset->limit_hits - hits;
	return found;
}

/* What the rules found, as far as the device is nobody's; whether anything that is shown differs.
 */
static bool take_membership(struct core *core, struct device *device, struct membership found)
{
	struct device_view *view = &device->now;
	struct text *reasons = text_ref(view->reasons);
	struct text *instance = text_ref(view->instance);
	bool differs;

	found = holding_overrule(core, device, found);
	differs = view->group != found.group || view->rule != found.rule ||
		  view->state != found.state || view->reasons != reasons ||
		  view->instance != instance;
	text_unref(reasons);
	text_unref(instance);

	text_replace(&view->group, text_ref(found.group));
	text_replace(&view->rule, text_ref(found.rule));
	view->rule_number = found.rule_number;
	view->state = found.state;
	if (differs)
		queue_note_device(core, device);
	return differs;
}

static void lose(struct core *core, struct device *device)
{
	if (!device->now.facts)
		return;
	holding_detach(core, device);
	stage_forget(device);
	device_view_done(&device->now);
	queue_note_device(core, device);
	touch(core, device);
}

void core_decide(struct core *core, struct device *device)
{
	if (device->unlisted && !holding_of(device))
		lose(core, device);
	else if (take_membership(core, device, decide(core, core->ruleset, device->now.facts)))
		touch(core, device);
}

void core_see(struct core *core, struct facts *facts)
{
	struct device *device = inventory_put(&core->inventory, facts->id);
	bool differs = !device->now.facts || !facts_equal(device->now.facts, facts);

	device->doubted = false;
	device->unlisted = false;
	/* equal in the properties that the rules in force name says nothing of others */
	if (differs || core->stage.other_keys)
		stage_mark(&core->stage, device);
	if (!differs) {
		facts_unref(facts);
		return;
	}
	if (device->now.facts && device->now.facts->life != facts->life)
		holding_detach(core, device);
	facts_unref(device->now.facts);
	device->now.facts = facts;
	holding_attach(core, device);
	take_membership(core, device, decide(core, core->ruleset, facts));
	touch(core, device);
	queue_note_device(core, device);
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
	struct core *core, const char *id, uint64_t life, const struct vector *found)
{
	const struct vector *devices = &core->inventory.devices;
	char prefix[CANDIDATE_ID_SIZE];
	size_t cursor = 0;

	if (!candidate_prefix(id, prefix))
		return;
	for (size_t i = inventory_locate(&core->inventory, prefix); i < devices->count; i++) {
		struct device *device = devices->items[i];

		if (strncmp(device->id->bytes, prefix, strlen(prefix)) != 0)
			break;
		if (is_found(found, &cursor, device))
			continue;
		device->unlisted = holding_of(device) && device->now.facts->life == life;
		if (!device->unlisted)
			lose(core, device);
	}
}

void core_see_all(struct core *core, struct vector *found)
{
	const struct facts *carrier = found->items[0];

	lose_candidates(core, carrier->id->bytes, carrier->life, found);
	for (size_t i = 0; i < found->count; i++)
		core_see(core, found->items[i]);
	vector_done(found);
}

void core_doubt(struct core *core, const char *id)
{
	struct device *device = inventory_find(&core->inventory, id);

	if (device)
		device->doubted = true;
}

void core_lose(struct core *core, const char *id)
{
	struct device *device = inventory_find(&core->inventory, id);

	lose_candidates(core, id, 0, &(struct vector){0});
	if (device)
		lose(core, device);
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

void core_stage_rules(struct core *core, struct ruleset *ruleset)
{
	stage_begin(&core->stage, ruleset, &core->ruleset->properties, &core->inventory);
}

struct device *core_stage_next(const struct core *core)
{
	return stage_next(&core->stage);
}

void core_stage_device(struct core *core, struct device *device, struct facts *facts)
{
	struct membership found =
		decide(core, core->stage.ruleset, facts ? facts : device->now.facts);

	stage_decided(&core->stage, device, facts, found);
}

bool core_stage_is_overdue(const struct core *core)
{
	return core->stage.decisions > 2 * core->inventory.devices.count;
}

void core_unstage_rules(struct core *core)
{
	ruleset_free(stage_end(&core->stage, &core->inventory));
}

static void take_next(struct core *core, struct device *device, struct vector *moves)
{
	struct text *before = text_ref(device->now.group);
	struct next *next = device->next;
	bool differs = take_membership(core, device, next->membership);

	if (next->facts) {
		facts_unref(device->now.facts);
		device->now.facts = facts_ref(next->facts);
	}
	if (differs || next->facts)
		touch(core, device);
	if (before != device->now.group)
		add_move(moves, device, before);
	text_unref(before);
}

void core_swap_rules(struct core *core, struct vector *ret_moves)
{
	struct ruleset *old = core->ruleset;

	assert(!core_stage_next(core));
	for (size_t i = 0; i < core->inventory.devices.count; i++) {
		struct device *device = core->inventory.devices.items[i];

		if (device->now.facts)
			take_next(core, device, ret_moves);
	}
	core->ruleset = stage_end(&core->stage, &core->inventory);
	core->counters->values[COUNTER_REGEX_LIMIT_HITS] += core->ruleset->limit_hits;
	ruleset_free(old);
	claims_keep_groups(core);
	claims_touch_all(core);
	queue_note_all(core);
	claims_due(core, 0); /* a group may wait for missing devices no longer */
	core->rules_reloaded = true;
}

void core_note_resync(struct core *core)
{
	core->resynced = true;
}

void core_settle(struct core *core, struct delta *ret_delta)
{
	for (size_t i = 0; i < core->touched.count; i++) {
		struct device *device = core->touched.items[i];

		device->touched = false;
		settle_device(device, ret_delta);
		if (!device->now.facts)
			inventory_drop(&core->inventory, device);
	}
	core->touched.count = 0;
	settle_instances(core, ret_delta);
	if (core->rules_reloaded)
		delta_add(ret_delta, EVENT_RULES_RELOADED);
	if (core->resynced)
		delta_add(ret_delta, EVENT_RESYNC);
	core->rules_reloaded = false;
	core->resynced = false;
}

const struct device *core_find(const struct core *core, const char *id)
{
	const struct device *device = inventory_find(&core->inventory, id);

	return device && device->now.facts ? device : NULL;
}
