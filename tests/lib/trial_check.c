/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/holding.h"
#include "lib/trial.h"
#include "lib/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What stands in the core is what stands in the rows, and nothing else. */
static void check_rows(const struct trial *run)
{
	const struct core *core = &run->world.core;
	size_t standing = 0;

	for (size_t i = 0; i < core->claims.instances.count; i++) {
		const struct instance *instance = core->claims.instances.items[i];
		struct instance_record *record;
		const struct instance_record *row = ledger_find(&run->ledger, instance->number);

		if (!claims_stands(instance)) {
			assert_null(row);
			continue;
		}
		standing++;
		record = instance_record_new(instance);
		assert_non_null(row);
		assert_true(ledger_same(row, record));
		instance_record_free(record);
	}
	assert_int_equal(standing, run->ledger.instances.count);
	assert_int_equal(standing, claims_count(core));
}

static void check_tokens(const struct trial *run)
{
	const struct vector *rows = &run->ledger.instances;

	for (size_t i = 0; i < rows->count; i++)
		for (size_t k = 0; k < i; k++) {
			const struct instance_record *one = rows->items[i];
			const struct instance_record *other = rows->items[k];

			if (one->uid == other->uid && one->grant.token &&
				trial_same(one->grant.token, other->grant.token))
				assert_int_equal(one->since, other->since);
		}
}

static bool has_twin(const struct core *core, const struct device *device)
{
	const struct facts *facts = device->now.facts;
	char key[128];

	if (!facts_value(facts, FIELD_SERIAL))
		return false;
	snprintf(key, sizeof(key), "usb/%s:%s/serial/%s",
		facts_value(facts, FIELD_VENDOR_ID)->bytes,
		facts_value(facts, FIELD_MODEL_ID)->bytes, facts_value(facts, FIELD_SERIAL)->bytes);
	for (size_t i = 0; i < core->claims.instances.count; i++) {
		const struct instance *instance = core->claims.instances.items[i];

		if (!instance->released && trial_same(instance->identity->key->bytes, key) &&
			instance->identity->device && instance->identity->device != device)
			return true;
	}
	return false;
}

static void check_membership(struct core *core, const struct device *device)
{
	struct membership fresh = membership_decide(core->ruleset, device->now.facts);
	const struct instance *instance = holding_of(device);

	if (instance)
		assert_ptr_equal(instance->identity->device, device);
	else
		assert_false(device->unlisted);
	if (instance && !instance->pending) {
		assert_ptr_equal(device->now.group, instance->group);
		assert_int_equal(device->now.state, STATE_CLAIMED);
	} else if (!instance) {
		bool blocked = fresh.group && has_twin(core, device);

		assert_ptr_equal(device->now.group, fresh.group);
		assert_ptr_equal(device->now.rule, fresh.rule);
		assert_int_equal(device->now.state, blocked ? STATE_BLOCKED : fresh.state);
		assert_int_equal(device->now.reasons != NULL, has_twin(core, device));
	}
}

/* Whoever's turn it is to be served, and can be, was served. */
static void check_progress(const struct trial *run, const char *group)
{
	const struct core *core = &run->world.core;
	const struct call *head = NULL;
	int64_t free = 0;

	for (size_t i = 0; i < run->calls.count; i++) {
		const struct call *call = run->calls.items[i];

		if (call->type == REQUEST_CLAIM && !call->answered &&
			trial_same(call->group, group) && !(call->vm && call->tenant)) {
			head = call;
			break;
		}
	}
	if (!head || !trial_is_waiting(head) || run->fleet.whole_slots)
		return;
	for (size_t i = 0; i < core->inventory.devices.count; i++) {
		const struct device *device = core->inventory.devices.items[i];

		free += text_is(device->now.group, group) && device->now.state == STATE_AVAILABLE &&
			!holding_of(device);
	}
	if (free >= head->count)
		fail_msg("call %" PRId64 " waits for %" PRId64 " of %s, %" PRId64 " are free",
			head->real - REAL, head->count, group, free);
}

static void check_lives(const struct trial *run)
{
	const struct core *core = &run->world.core;

	for (size_t i = 0; i < core->claims.instances.count; i++) {
		const struct instance *instance = core->claims.instances.items[i];
		const struct hold *holds[] = {&instance->terms.grant, &instance->terms.use};
		const struct resource_group *group =
			ruleset_find_group(core->ruleset, instance->group->bytes);

		assert_false(instance->busy);
		assert_int_equal(
			instance->missing_since == CLOCK_NEVER, instance->identity->device != NULL);
		if (!instance->identity->device && group->return_grace >= 0)
			assert_true(instance->missing_since + group->return_grace * CLOCK_SECOND >
				    run->now);
		for (size_t k = 0; k < 2; k++) {
			bool tied = false;

			assert_true(!holds[k]->bind_by || holds[k]->bind_by > trial_real_time(run));
			if (holds[k]->life != LIFE_EXPLICIT)
				assert_true(trial_runs(run, &holds[k]->process));
			for (size_t c = 0; c < CONNECTIONS; c++)
				tied |= run->clients[c].connection == holds[k]->connection;
			if (holds[k]->life == LIFE_CONNECTION && holds[k]->connection)
				assert_true(tied);
		}
	}
	for (size_t i = 0; i < run->calls.count; i++) {
		const struct call *call = run->calls.items[i];

		if (!call->answered)
			assert_true(call->wait_until > run->now);
	}
}

void trial_load_rules(struct trial *run, struct world *world)
{
	struct vector moves = {0};
	struct ruleset *ruleset = world_load(world, run->fleet.rules);

	assert_non_null(ruleset);
	world_put_in_force(&world->core, ruleset, &moves);
	move_list_done(&moves);
}

/* Begins as the daemon does: rows, rules, the first scan. */
void trial_start(struct trial *run, struct world *world)
{
	struct stored stored;

	world_init(world);
	world->core.rights = &run->rights;
	world->core.claims.patience = PATIENCE;
	ledger_read(&run->ledger, &stored);
	claims_restore(&world->core, &stored, run->now, trial_real_time(run));
	stored_done(&stored);
	trial_load_rules(run, world);
	claims_turn(&world->core, run->now); /* turns go on while the first scan does */
	population_show(&run->fleet, world);
	claims_start_missing(&world->core, run->now);
}

static void compare_cores(const struct core *left, const struct core *right)
{
	assert_int_equal(left->inventory.devices.count, right->inventory.devices.count);
	for (size_t i = 0; i < left->inventory.devices.count; i++) {
		const struct device *one = left->inventory.devices.items[i];
		const struct device *other = right->inventory.devices.items[i];

		assert_string_equal(one->now.json->bytes, other->now.json->bytes);
	}
	assert_int_equal(claims_count(left), claims_count(right));
	for (size_t i = 0; i < left->claims.instances.count; i++) {
		const struct instance *one = left->claims.instances.items[i];
		const struct instance *other = claims_find(right, one->number);

		assert_non_null(other);
		assert_string_equal(one->json->bytes, other->json->bytes);
	}
}

/* Whether a candidate is there that nobody who looks now would find. */
static bool has_unlisted(const struct core *core)
{
	for (size_t i = 0; i < core->inventory.devices.count; i++) {
		const struct device *device = core->inventory.devices.items[i];

		if (device->unlisted)
			return true;
	}
	return false;
}

void trial_check_fresh(struct trial *run)
{
	struct world world;
	struct delta delta = {0};

	if (has_unlisted(&run->world.core))
		return;
	trial_note.fresh++;
	trial_start(run, &world);
	claims_turn(&world.core, run->now);
	core_settle(&world.core, &delta);
	delta_done(&delta);
	compare_cores(&run->world.core, &world.core);
	world_done(&world);
}

bool trial_is_quiet(const struct trial *run)
{
	const struct claims *claims = &run->world.core.claims;

	return !run->batch && claims->deciding.count == 0 && run->now >= claims->retry &&
	       claims_deadline(&run->world.core) > run->now;
}

void trial_check(struct trial *run)
{
	struct core *core = &run->world.core;

	subscriber_compare(&run->subscriber, core);
	check_rows(run);
	check_tokens(run);
	for (size_t i = 0; i < core->inventory.devices.count; i++)
		check_membership(core, core->inventory.devices.items[i]);
	if (!trial_is_quiet(run))
		return;
	check_lives(run);
	for (size_t i = 0; i < POPULATION_GROUPS; i++)
		check_progress(run, population_groups[i]);
	if (chance_in(&run->chance, 4))
		trial_check_fresh(run);
}
