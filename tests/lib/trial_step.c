/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/memory.h"
#include "lib/trial.h"
#include "lib/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const vms[] = {"a", "b", "c"};
static const char *const tenants[] = {"t1", "t2"};
static const char *const tokens[] = {"x", "y"};

/* root; one whom all groups allow; one whom only p allows; one whom none does. */
const uid_t trial_uids[PEERS] = {0, 1000, 1001, 1002};

static const char *or_none(const char *string)
{
	return string ? string : "-";
}

/* The ends of processes that the claims learned of too late to be told of them. */
static bool report_ends(struct trial *run)
{
	struct process *processes;
	size_t count;
	bool any = false;

	if (!life_processes(&run->world.claims, &processes, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (trial_runs(run, &processes[i]))
			continue;
		any = true;
		ending_process(&run->world.claims, &processes[i]);
	}
	free(processes);
	return any;
}

static void settle(struct trial *run)
{
	struct claims *claims = &run->world.claims;
	struct delta delta = {0};
	struct request *request;

	claims_follow(claims);
	claims_turn(claims, run->now);
	if (!run->batch)
		run->batch = operation_take_batch(claims);
	claims_settle(claims, &delta);
	for (size_t i = 0; i < delta.changes.count; i++) {
		const struct change *change = delta.changes.items[i];

		trial_note.events[change->type]++;
		if (getenv("LOG"))
			trial_say("  > %s %s%s %s", change_type_name(change->type),
				change->device ? change->device->bytes : "",
				change->instance ? change->instance->bytes : "",
				change->group ? change->group->bytes : "");
		if (change->type == EVENT_INSTANCE_MISSING)
			run->missed[trial_instance_number(change->instance)] = true;
		subscriber_apply(&run->subscriber, change);
	}
	delta_done(&delta);
	while ((request = answer_take(claims))) {
		trial_check_answer(run, request);
		request_free(request);
	}
}

void trial_turn(struct trial *run)
{
	unsigned turns = 0;

	do {
		settle(run);
		if (++turns > 20)
			fail_msg("the claims are never done");
	} while (report_ends(run) || claims_deadline(&run->world.claims) <= run->now);
	trial_check(run);
}

static void remember(struct trial *run, enum batch_outcome outcome)
{
	for (size_t i = 0; i < run->batch->writes.count; i++) {
		struct write *write = run->batch->writes.items[i];

		if (write->type != WRITE_PUT || outcome == BATCH_FAILED ||
			(outcome == BATCH_ESSENTIAL && !write->essential))
			continue;
		instance_record_free(run->past[write->record->number]);
		run->past[write->record->number] = write->record;
		write->record = NULL;
	}
}

void trial_commit(struct trial *run, enum batch_outcome outcome)
{
	if (!run->batch)
		return;
	trial_say("commit %d of %zu", (int)outcome, run->batch->writes.count);
	run->trouble |= outcome != BATCH_COMMITTED;
	ledger_write(&run->ledger, run->batch, outcome);
	remember(run, outcome);
	operation_finish(&run->world.claims, run->batch, run->now);
	run->batch = NULL;
	trial_turn(run);
}

static enum batch_outcome random_outcome(struct trial *run)
{
	return chance_in(&run->chance, 8)    ? BATCH_FAILED
	       : chance_in(&run->chance, 12) ? BATCH_ESSENTIAL
					     : BATCH_COMMITTED;
}

void trial_open_client(struct trial *run, unsigned at)
{
	run->clients[at] = (struct client){++run->connections, chance_below(&run->chance, PEERS),
		run->processes[chance_below(&run->chance, PROCESSES)]};
	if (chance_in(&run->chance, 2))
		run->clients[at].peer = chance_below(&run->chance, 2);
}

static struct text *interned(struct trial *run, const char *string)
{
	return string ? text_intern_string(&run->world.pool, string) : NULL;
}

void trial_send(struct trial *run, struct call *call, struct request *request)
{
	trial_say("call %" PRId64 " type %d uid %u conn %" PRIu64
		  " group %s device %s vm %s tenant %s "
		  "token %s i-%" PRId64 " gen %" PRId64 " count %" PRId64 " wait %" PRId64
		  " life %d pid %" PRId64 " bind_ms %" PRId64 "%s",
		call->real - REAL, (int)call->type, call->uid, call->connection,
		or_none(call->group), or_none(call->device), or_none(call->vm),
		or_none(call->tenant), or_none(call->token), call->instance, call->generation,
		call->count, request->wait_ms, (int)request->life, request->pid, request->bind_ms,
		call->force ? " force" : "");
	request->caller = call;
	request->connection = call->connection;
	request->real = call->real;
	request->group = interned(run, call->group);
	request->device = interned(run, call->device);
	request->vm = interned(run, call->vm);
	request->tenant = interned(run, call->tenant);
	request->token = interned(run, call->token);
	request->instance = call->instance;
	request->generation = call->generation;
	request->count = call->count;
	request->force = call->force;
	if (request->wait_ms)
		call->wait_until = run->now + request->wait_ms * CLOCK_MILLISECOND;
	claims_follow(&run->world.claims);
	claims_request(&run->world.claims, request, run->now);
}

struct call *trial_new_call(
	struct trial *run, enum request_type type, unsigned client, struct request **ret_request)
{
	struct call *call = memory_allocate(sizeof(*call));
	struct request *request = request_new(type);
	const struct client *by = &run->clients[client];

	run->now++;
	*call = (struct call){.type = type,
		.real = trial_real_time(run),
		.uid = trial_uids[by->peer],
		.connection = by->connection,
		.number = run->world.claims.next_number};
	request->peer = &run->peers[by->peer];
	request->client_process = by->process;
	vector_add(&run->calls, call);
	*ret_request = request;
	return call;
}

#define ANY(run, array) ((array)[chance_below(&(run)->chance, ARRAY_LENGTH(array))])

static void set_process(struct trial *run, struct call *call, struct request *request)
{
	call->process = ANY(run, run->processes);
	request->process = call->process;
	request->pid = call->process.pid;
}

static void set_life(struct trial *run, struct call *call, struct request *request)
{
	switch (chance_below(&run->chance, 6)) {
	case 0:
		request->life = LIFE_EXPLICIT;
		break;
	case 1:
		request->life = LIFE_PROCESS;
		set_process(run, call, request);
		break;
	case 2:
		set_process(run, call, request);
		break;
	case 3:
		request->life = LIFE_CONNECTION;
		break;
	}
}

static void set_owner(struct trial *run, struct call *call)
{
	unsigned kind = chance_below(&run->chance, 6);

	if (kind < 5)
		call->vm = ANY(run, vms);
	if (kind >= 3)
		call->tenant = ANY(run, tenants);
}

static void step_claim(struct trial *run)
{
	struct request *request;
	struct call *call = trial_new_call(
		run, REQUEST_CLAIM, chance_below(&run->chance, CONNECTIONS), &request);
	const struct vector *devices = &run->world.devices.inventory.devices;

	set_owner(run, call);
	set_life(run, call, request);
	call->count = 1;
	if (chance_in(&run->chance, 4) && devices->count > 0)
		call->device = ANY(run, population_ids);
	if (!call->device || chance_in(&run->chance, 4))
		call->group = ANY(run, population_groups);
	if (!call->device && chance_in(&run->chance, 3))
		call->count = 1 + chance_below(&run->chance, 3);
	if (chance_in(&run->chance, 4))
		call->token = ANY(run, tokens);
	request->numa_node = (int64_t)chance_below(&run->chance, 3) - 1;
	if (chance_in(&run->chance, 2))
		request->wait_ms = 1 + chance_below(&run->chance, 4000);
	if (chance_in(&run->chance, 5))
		request->bind_ms = 1 + chance_below(&run->chance, 4000);
	trial_send(run, call, request);
}

static int64_t any_number(struct trial *run)
{
	const struct vector *instances = &run->world.claims.instances;

	if (instances->count == 0 || chance_in(&run->chance, 10))
		return 1 + chance_below(&run->chance, 20);
	return ((struct instance *)
			instances->items[chance_below(&run->chance, (unsigned)instances->count)])
		->number;
}

static void step_change(struct trial *run, enum request_type type)
{
	struct request *request;
	struct call *call =
		trial_new_call(run, type, chance_below(&run->chance, CONNECTIONS), &request);

	if (type == REQUEST_ASSIGN || type == REQUEST_UNASSIGN || chance_in(&run->chance, 2))
		call->instance = any_number(run);
	else
		set_owner(run, call);
	if (type == REQUEST_ASSIGN) {
		call->vm = ANY(run, vms);
		set_life(run, call, request);
	}
	if (type == REQUEST_BIND)
		set_process(run, call, request);
	if (type == REQUEST_RELEASE) {
		call->force = chance_in(&run->chance, 4);
		call->generation =
			chance_in(&run->chance, 4) ? 1 + chance_below(&run->chance, 3) : 0;
	}
	trial_send(run, call, request);
}

static void step_accept_loss(struct trial *run)
{
	struct request *request;
	struct call *call = trial_new_call(run, REQUEST_ACCEPT_LOSS, 0, &request);

	trial_send(run, call, request);
}

static void step_device(struct trial *run)
{
	unsigned place = chance_below(&run->chance, POPULATION_PLACES);

	trial_say("%s %s", population_ids[place], population_step(&run->fleet, &run->world, place));
}

static void step_close(struct trial *run)
{
	unsigned at = chance_below(&run->chance, CONNECTIONS);

	trial_say("close %" PRIu64, run->clients[at].connection);
	ending_connection(&run->world.claims, run->clients[at].connection);
	trial_open_client(run, at);
}

static void step_end(struct trial *run)
{
	unsigned at = chance_below(&run->chance, PROCESSES);
	struct process ended = run->processes[at];

	trial_say("end %" PRId64, ended.pid);
	run->processes[at].start++;
	ending_process(&run->world.claims, &ended);
	for (size_t i = 0; i < CONNECTIONS; i++)
		if (process_equal(&run->clients[i].process, &ended))
			run->clients[i].process = run->processes[at];
}

/* As a timer does it: the claims run when it said that something is due. */
static void step_time(struct trial *run)
{
	int64_t passes = chance_below(&run->chance, 3000) * CLOCK_MILLISECOND;

	if (chance_in(&run->chance, 8))
		passes += PATIENCE;
	if (run->batch && passes >= CLOCK_SECOND)
		run->trouble = true;
	trial_say("time %" PRId64, passes / CLOCK_MILLISECOND);
	run->now += passes;
	if (claims_deadline(&run->world.claims) <= run->now)
		trial_turn(run);
	trial_check(run);
}

static bool objects(const struct trial *run, const struct ruleset *ruleset)
{
	const struct vector *instances = &run->world.claims.instances;

	for (size_t i = 0; i < instances->count; i++) {
		const struct instance *instance = instances->items[i];
		const struct resource_group *group =
			ruleset_find_group(ruleset, instance->group->bytes);

		if (instance->phase != INSTANCE_RELEASED &&
			(!group || group->kind != instance->kind))
			return true;
	}
	return false;
}

static void step_reload(struct trial *run)
{
	bool whole = run->fleet.whole_slots;
	char *text = population_rules(&run->fleet, true);
	struct ruleset *ruleset = world_load(&run->world, text);
	struct rule_errors errors = {0};

	assert_non_null(ruleset);
	kept_group_check(&run->world.claims, ruleset, &errors);
	assert_int_equal(errors.errors.count > 0, objects(run, ruleset));
	ruleset_free(ruleset);
	trial_say("reload%s: %s", errors.errors.count > 0 ? " refused" : "", text);
	if (errors.errors.count > 0) {
		trial_note.refused_reloads++;
		run->fleet.whole_slots = whole;
		free(text);
	} else {
		free(run->fleet.rules);
		run->fleet.rules = text;
		run->whole_slots |= whole;
		run->reloaded = true;
		trial_load_rules(run, &run->world);
	}
	rule_errors_done(&errors);
}

static void step_crash(struct trial *run)
{
	if (run->batch && chance_in(&run->chance, 2)) {
		ledger_write(&run->ledger, run->batch, BATCH_COMMITTED);
		remember(run, BATCH_COMMITTED);
	}
	run->batch = batch_free(run->batch);
	for (size_t i = 0; i < run->calls.count; i++)
		((struct call *)run->calls.items[i])->answered = true;
	subscriber_done(&run->subscriber);
	world_done(&run->world);
	if (chance_in(&run->chance, 2))
		run->processes[chance_below(&run->chance, PROCESSES)].start++;
	if (chance_in(&run->chance, 8)) {
		free(run->fleet.rules);
		run->fleet.rules = population_rules(&run->fleet, true);
		run->reloaded = true;
	}
	if (chance_in(&run->chance, 8))
		run->ledger.loss = run->trouble = true;
	for (unsigned i = 0; i < CONNECTIONS; i++)
		trial_open_client(run, i);
	trial_say("crash, with %s", run->fleet.rules);
	trial_start(run, &run->world);
	trial_turn(run);
}

static const enum step weights[] = {STEP_DEVICE, STEP_DEVICE, STEP_DEVICE, STEP_DEVICE, STEP_DEVICE,
	STEP_CLAIM, STEP_CLAIM, STEP_CLAIM, STEP_CLAIM, STEP_CLAIM, STEP_ASSIGN, STEP_UNASSIGN,
	STEP_BIND, STEP_RELEASE, STEP_RELEASE, STEP_CLOSE, STEP_END, STEP_TIME, STEP_TIME,
	STEP_COMMIT, STEP_COMMIT, STEP_COMMIT, STEP_COMMIT, STEP_COMMIT, STEP_COMMIT};

void trial_step(struct trial *run)
{
	enum step step = ANY(run, weights);

	if (chance_in(&run->chance, 25))
		step = chance_in(&run->chance, 2)   ? STEP_RELOAD
		       : chance_in(&run->chance, 2) ? STEP_CRASH
						    : STEP_ACCEPT_LOSS;
	trial_note.steps[step]++;
	switch (step) {
	case STEP_DEVICE:
		step_device(run);
		break;
	case STEP_CLAIM:
		step_claim(run);
		break;
	case STEP_ASSIGN:
		step_change(run, REQUEST_ASSIGN);
		break;
	case STEP_UNASSIGN:
		step_change(run, REQUEST_UNASSIGN);
		break;
	case STEP_BIND:
		step_change(run, REQUEST_BIND);
		break;
	case STEP_RELEASE:
		step_change(run, REQUEST_RELEASE);
		break;
	case STEP_ACCEPT_LOSS:
		step_accept_loss(run);
		break;
	case STEP_CLOSE:
		step_close(run);
		break;
	case STEP_END:
		step_end(run);
		break;
	case STEP_TIME:
		trial_turn(run);
		step_time(run);
		break;
	case STEP_RELOAD:
		step_reload(run);
		break;
	case STEP_CRASH:
		step_crash(run);
		break;
	case STEP_COMMIT:
		trial_commit(run, random_outcome(run));
		break;
	case STEP_COUNT:
		break;
	}
	if (chance_below(&run->chance, 3) > 0)
		trial_turn(run);
}
