/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claims/holding.h"
#include "lib/trial.h"
#include "lib/unit.h"
#include "rules/ruleset.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What stands in the roster is what stands in the rows, and nothing else. */
static void check_rows(const struct trial *run)
{
	const struct claims *claims = &run->world.claims;
	size_t standing = 0;

	for (size_t i = 0; i < claims->instances.count; i++) {
		const struct instance *instance = claims->instances.items[i];
		struct instance_record *record;
		const struct instance_record *row = ledger_find(&run->ledger, instance->number);

		if (!instance_stands(instance)) {
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
	assert_int_equal(standing, roster_count(claims));
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

static bool has_twin(const struct claims *claims, const struct device *device)
{
	const struct facts *facts = device->now.facts;
	char key[128];

	if (!facts_value(facts, FIELD_SERIAL))
		return false;
	snprintf(key, sizeof(key), "usb/%s:%s/serial/%s",
		facts_value(facts, FIELD_VENDOR_ID)->bytes,
		facts_value(facts, FIELD_MODEL_ID)->bytes, facts_value(facts, FIELD_SERIAL)->bytes);
	for (size_t i = 0; i < claims->instances.count; i++) {
		const struct instance *instance = claims->instances.items[i];

		if (instance->phase != INSTANCE_RELEASED &&
			trial_same(instance->identity->key->bytes, key) &&
			instance->identity->device && instance->identity->device != device)
			return true;
	}
	return false;
}

static void check_membership(struct claims *claims, const struct device *device)
{
	const struct rule *fresh = ruleset_decide(claims->devices->ruleset, device->now.facts);
	const struct instance *instance = instance_of(device);

	assert_ptr_equal(device->verdict, fresh);
	if (instance)
		assert_ptr_equal(instance->identity->device, device);
	else
		assert_false(device->unlisted);
	if (instance && instance->phase != INSTANCE_DECIDED) {
		assert_ptr_equal(device->now.group, instance->group);
		assert_int_equal(device->now.state, STATE_CLAIMED);
	} else if (!instance) {
		bool twin = has_twin(claims, device);

		assert_ptr_equal(device->now.group, fresh ? fresh->group->name : NULL);
		assert_ptr_equal(device->now.rule, fresh ? fresh->name : NULL);
		assert_int_equal(device->now.state, !fresh ? STATE_UNMATCHED
						    : twin ? STATE_BLOCKED
							   : STATE_AVAILABLE);
		assert_int_equal(device->now.reasons != NULL, twin);
	}
}

/* Whoever's turn it is to be served, and can be, was served. */
static void check_progress(const struct trial *run, const char *group)
{
	const struct claims *claims = &run->world.claims;
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
	for (size_t i = 0; i < claims->devices->inventory.devices.count; i++) {
		const struct device *device = claims->devices->inventory.devices.items[i];

		free += text_is(device->now.group, group) && device->now.state == STATE_AVAILABLE &&
			!instance_of(device);
	}
	if (free >= head->count)
		fail_msg("call %" PRId64 " waits for %" PRId64 " of %s, %" PRId64 " are free",
			head->real - REAL, head->count, group, free);
}

static void check_lives(const struct trial *run)
{
	const struct claims *claims = &run->world.claims;

	for (size_t i = 0; i < claims->instances.count; i++) {
		const struct instance *instance = claims->instances.items[i];
		const struct hold *holds[] = {&instance->terms.grant, &instance->terms.use};
		const struct resource_group *group =
			ruleset_find_group(claims->devices->ruleset, instance->group->bytes);

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
	world_put_in_force(&world->claims, ruleset, &moves);
	move_list_done(&moves);
}

/* Begins as the daemon does: rows, rules, the first scan. */
void trial_start(struct trial *run, struct world *world)
{
	struct stored stored;

	world_init(world);
	world->claims.rights = &run->rights;
	world->claims.patience = PATIENCE;
	ledger_read(&run->ledger, &stored);
	claims_restore(&world->claims, &stored, run->now, trial_real_time(run));
	stored_done(&stored);
	trial_load_rules(run, world);
	kept_group_keep(&world->claims);
	claims_follow(&world->claims);
	claims_turn(&world->claims, run->now); /* turns go on while the first scan does */
	population_show(&run->fleet, world);
	claims_start_missing(&world->claims, run->now);
}

static void compare_all(const struct claims *left, const struct claims *right)
{
	assert_int_equal(
		left->devices->inventory.devices.count, right->devices->inventory.devices.count);
	for (size_t i = 0; i < left->devices->inventory.devices.count; i++) {
		const struct device *one = left->devices->inventory.devices.items[i];
		const struct device *other = right->devices->inventory.devices.items[i];

		assert_string_equal(one->now.json->bytes, other->now.json->bytes);
	}
	assert_int_equal(roster_count(left), roster_count(right));
	for (size_t i = 0; i < left->instances.count; i++) {
		const struct instance *one = left->instances.items[i];
		const struct instance *other = roster_find(right, one->number);

		assert_non_null(other);
		assert_string_equal(one->json->bytes, other->json->bytes);
	}
}

/* Whether a candidate is there that nobody who looks now would find. */
static bool has_unlisted(const struct claims *claims)
{
	for (size_t i = 0; i < claims->devices->inventory.devices.count; i++) {
		const struct device *device = claims->devices->inventory.devices.items[i];

		if (device->unlisted)
			return true;
	}
	return false;
}

void trial_check_fresh(struct trial *run)
{
	struct world world;
	struct delta delta = {0};

	if (has_unlisted(&run->world.claims))
		return;
	trial_note.fresh++;
	trial_start(run, &world);
	claims_follow(&world.claims);
	claims_turn(&world.claims, run->now);
	claims_settle(&world.claims, &delta);
	delta_done(&delta);
	compare_all(&run->world.claims, &world.claims);
	world_done(&world);
}

bool trial_is_quiet(const struct trial *run)
{
	const struct claims *claims = &run->world.claims;

	return !run->batch && claims->deciding.count == 0 && run->now >= claims->retry &&
	       claims_deadline(&run->world.claims) > run->now;
}

void trial_check(struct trial *run)
{
	struct claims *claims = &run->world.claims;

	subscriber_compare(&run->subscriber, claims);
	check_rows(run);
	check_tokens(run);
	for (size_t i = 0; i < claims->devices->inventory.devices.count; i++)
		check_membership(claims, claims->devices->inventory.devices.items[i]);
	if (!trial_is_quiet(run))
		return;
	check_lives(run);
	for (size_t i = 0; i < POPULATION_GROUPS; i++)
		check_progress(run, population_groups[i]);
	if (chance_in(&run->chance, 4))
		trial_check_fresh(run);
}
