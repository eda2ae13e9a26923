/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/core.h"

#include "base/memory.h"
#include "core/membership.h"
#include "core/settle.h"
#include "model/candidate.h"

#include <string.h>

void core_init(struct core *core, struct text_pool *pool, struct counters *counters)
{
	*core = (struct core){.pool = pool, .counters = counters, .ruleset = ruleset_new()};
}

void core_done(struct core *core)
{
	vector_done(&core->touched);
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

/* Decides the device by the rules in force; whether anything that is shown differs. */
static bool decide(struct core *core, struct device *device)
{
	uint64_t hits = core->ruleset->limit_hits;
	struct membership found = membership_decide(core->ruleset, device->now.facts);
	struct device_view *view = &device->now;
	bool differs = view->group != found.group || view->rule != found.rule ||
		       view->state != found.state;

	core->counters->values[COUNTER_REGEX_LIMIT_HITS] += core->ruleset->limit_hits - hits;
	text_replace(&view->group, text_ref(found.group));
	text_replace(&view->rule, text_ref(found.rule));
	view->rule_number = found.rule_number;
	view->state = found.state;
	return differs;
}

/* The device if the facts, which it takes over, are new; else NULL. */
static struct device *take_facts(struct core *core, struct facts *facts)
{
	struct device *device = inventory_put(&core->inventory, facts->id);

	device->doubted = false;
	if (device->now.facts && facts_equal(device->now.facts, facts)) {
		facts_unref(facts);
		return NULL;
	}
	facts_unref(device->now.facts);
	device->now.facts = facts;
	touch(core, device);
	return device;
}

void core_see(struct core *core, struct facts *facts)
{
	struct device *device = take_facts(core, facts);

	if (device)
		decide(core, device);
}

void core_renew(struct core *core, struct facts *facts)
{
	take_facts(core, facts);
}

static void lose(struct core *core, struct device *device)
{
	if (!device->now.facts)
		return;
	device_view_done(&device->now);
	touch(core, device);
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

/* Loses the candidates of the function `id` that are not among `found`. */
static void lose_candidates(struct core *core, const char *id, const struct vector *found)
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
		if (!is_found(found, &cursor, device))
			lose(core, device);
	}
}

void core_see_all(struct core *core, struct vector *found)
{
	const struct facts *carrier = found->items[0];

	lose_candidates(core, carrier->id->bytes, found);
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

	lose_candidates(core, id, &(struct vector){0});
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

void core_replace_rules(struct core *core, struct ruleset *ruleset, struct vector *ret_moves)
{
	struct ruleset *old = core->ruleset;

	core->ruleset = ruleset;
	for (size_t i = 0; i < core->inventory.devices.count; i++) {
		struct device *device = core->inventory.devices.items[i];
		struct text *before = text_ref(device->now.group);

		if (device->now.facts && decide(core, device))
			touch(core, device);
		if (before != device->now.group)
			add_move(ret_moves, device, before);
		text_unref(before);
	}
	ruleset_free(old);
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
