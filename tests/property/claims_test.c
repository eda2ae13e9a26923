/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random devices, rules, clients, processes, disks and crashes, against what must hold whatever
 * their order: SPEC sections 6 and 7 as invariants. The model is the store's rows (what was
 * acknowledged), a subscriber (what was told), the calls (what was asked) and a second core made
 * of the rows and the devices that are present (what a restart would show).
 *
 * The seed is printed; SEED=N runs one case again, CASES=N sets how many, LOG=1 says every step.
 */
#include "base/clock.h"
#include "base/memory.h"
#include "core/claims_internal.h"
#include "core/holding.h"
#include "lib/fleet.h"
#include "lib/ledger.h"
#include "lib/subscriber.h"
#include "lib/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define STEPS	    70
#define PEERS	    4
#define CONNECTIONS 5
#define PROCESSES   5
#define NUMBERS	    400
#define LOG_LINES   50
#define REAL	    INT64_C(1000000000)
#define PATIENCE    (5 * CLOCK_SECOND)

static const char boot[] = "00000000-0000-4000-8000-000000000000";
static const char *const vms[] = {"a", "b", "c"};
static const char *const tenants[] = {"t1", "t2"};
static const char *const tokens[] = {"x", "y"};

/* root; one whom all groups allow; one whom only p allows; one whom none does. */
static const uid_t uids[PEERS] = {0, 1000, 1001, 1002};

struct call {
	enum request_type type;
	int64_t real;	/* another for each */
	int64_t number; /* instances from this one on were made after it came */
	int64_t wait_until;
	uid_t uid;
	uint64_t connection;
	const char *group;
	const char *device;
	const char *vm;
	const char *tenant;
	const char *token;
	int64_t instance;
	int64_t generation;
	int64_t count;
	struct process process;
	bool force;
	bool answered;
};

struct client {
	uint64_t connection;
	unsigned peer;
	struct process process;
};

struct run {
	struct world world;
	struct chance chance;
	struct fleet fleet;
	struct ledger ledger;
	struct subscriber subscriber;
	struct rights rights;
	struct peer peers[PEERS];
	struct vector calls; /* of struct call, owned */
	struct client clients[CONNECTIONS];
	struct process processes[PROCESSES];
	uint64_t connections;
	struct instance_record *past[NUMBERS]; /* as last committed, by number */
	const struct call *claims[NUMBERS];    /* whoever was told first that it is theirs */
	bool missed[NUMBERS];		       /* its device was not there at some time */
	struct batch *batch;
	int64_t now;
	bool reloaded;	  /* the rules are not those that all was claimed under */
	bool whole_slots; /* a group gave them once */
	bool trouble;	  /* a write failed, was slow, or the database was lost */
};

enum step {
	STEP_DEVICE,
	STEP_CLAIM,
	STEP_ASSIGN,
	STEP_UNASSIGN,
	STEP_BIND,
	STEP_RELEASE,
	STEP_ACCEPT_LOSS,
	STEP_CLOSE,
	STEP_END,
	STEP_TIME,
	STEP_RELOAD,
	STEP_CRASH,
	STEP_COMMIT,
	STEP_COUNT,
};

static const char *const step_names[STEP_COUNT] = {"device", "claim", "assign", "unassign", "bind",
	"release", "accept-loss", "close", "end", "time", "reload", "crash", "commit"};
static const char *const answer_names[] = {"done", "InvalidParameter", "NoSuchDevice",
	"NoSuchGroup", "NoSuchInstance", "NoDeviceAvailable", "Busy", "StaleGeneration",
	"NotPermitted", "Timeout", "StorageFailed"};

static struct {
	uint64_t seed;
	char lines[LOG_LINES][200];
	unsigned line;
	uint64_t steps[STEP_COUNT];
	uint64_t answers[REQUEST_ACCEPT_LOSS + 1][ARRAY_LENGTH(answer_names)];
	uint64_t events[EVENT_TYPE_COUNT];
	uint64_t refused_reloads;
	uint64_t abandoned;
	uint64_t fresh;
} note;

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
	char *line = note.lines[note.line++ % LOG_LINES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(note.lines[0]), format, arguments);
	va_end(arguments);
	if (getenv("LOG"))
		printf("# %s\n", line);
}

static const char *or_none(const char *string)
{
	return string ? string : "-";
}

static bool same(const char *left, const char *right)
{
	return left && right ? strcmp(left, right) == 0 : left == right;
}

static int64_t real_time(const struct run *run)
{
	return run->now + REAL;
}

/* ---- the reference: who may what, and what each answer promises */

static bool may_claim(uid_t uid, const char *group)
{
	return uid == 0 || uid == 1000 || (uid == 1001 && strcmp(group, "p") == 0);
}

static bool runs(const struct run *run, const struct process *process)
{
	return process_equal(&run->processes[process->pid - 100], process);
}

/* Who waits in the same queue: for the group, or for what one tenant has of it. */
static bool same_queue(const struct call *left, const struct call *right)
{
	bool use = left->vm && left->tenant;

	return same(left->group, right->group) && use == (right->vm && right->tenant) &&
	       (!use || same(left->tenant, right->tenant));
}

static bool is_waiting(const struct call *call)
{
	return call->type == REQUEST_CLAIM && !call->answered && !call->token && !call->device &&
	       call->wait_until;
}

/* Nobody is served before one who came earlier and waits in the same queue. */
static void check_order(const struct run *run, const struct call *call)
{
	for (size_t i = 0; i < run->calls.count; i++) {
		const struct call *other = run->calls.items[i];

		if (other->real < call->real && is_waiting(other) && same_queue(other, call))
			fail_msg("call %" PRId64 " overtakes %" PRId64, call->real - REAL,
				other->real - REAL);
	}
}

static int64_t number_of(const struct text *json)
{
	return strtoll(strstr(json->bytes, "\"id\":\"i-") + 8, NULL, 10);
}

static void check_quota(const struct run *run, const struct instance_record *record)
{
	const struct resource_group *group =
		ruleset_find_group(run->world.core.ruleset, record->group);
	const struct vector *rows = &run->ledger.instances;
	int64_t count = 0;

	for (size_t i = 0; i < rows->count; i++) {
		const struct instance_record *other = rows->items[i];

		count += same(other->group, record->group) && same(other->tenant, record->tenant) &&
			 (record->tenant || same(other->vm, record->vm));
	}
	if (run->reloaded || group->owners.count == 0 || record->tenant)
		return;
	assert_true(strcmp(record->vm, "c") != 0);
	assert_true(count <= ((struct group_owner *)group->owners.items[0])->most);
}

static void check_claimed(struct run *run, const struct call *call, const struct request *request)
{
	size_t fresh = 0;

	for (size_t i = 0; i < request->instances.count; i++) {
		const struct instance_record *row =
			ledger_find(&run->ledger, number_of(request->instances.items[i]));
		bool use = call->vm && call->tenant;

		assert_non_null(row);
		assert_true(same(row->tenant, call->tenant));
		assert_true(use || !call->tenant ? same(row->vm, call->vm) : true);
		assert_true(!call->group || same(row->group, call->group));
		assert_true(
			!call->token || same(use ? row->use.token : row->grant.token, call->token));
		if (use)
			assert_true(call->uid == row->uid || call->uid == 0);
		if (use || row->number < call->number || run->claims[row->number])
			continue;
		run->claims[row->number] = call;
		assert_int_equal(row->uid, call->uid);
		assert_true(may_claim(call->uid, row->group));
		check_quota(run, row);
		fresh++;
	}
	assert_true((int64_t)request->instances.count >= 1);
	assert_true(fresh == 0 || (int64_t)fresh >= call->count);
	assert_true(fresh == 0 || !run->ledger.loss);
	run->whole_slots |= run->fleet.whole_slots;
	if (!run->whole_slots && fresh > 0)
		assert_true((int64_t)fresh == call->count || call->device);
	if (fresh > 0 || (call->vm && call->tenant && !call->token))
		check_order(run, call);
}

/* Whether it may be on its way out without its process having ended. */
static bool may_expire(const struct run *run, const struct instance_record *past)
{
	return past->bind_by || run->missed[past->number] || !run->claims[past->number];
}

static bool is_meant(const struct call *call, const struct instance_record *past)
{
	if (call->instance)
		return past->number == call->instance;
	if (call->tenant)
		return same(past->tenant, call->tenant);
	return !past->tenant && same(past->vm, call->vm);
}

static void check_released(
	const struct run *run, const struct call *call, const struct request *request)
{
	bool use = call->tenant && call->vm;

	for (size_t i = 0; i < request->released.count; i++) {
		int64_t number =
			strtoll(((struct text *)request->released.items[i])->bytes + 2, NULL, 10);
		const struct instance_record *past = run->past[number];
		const struct instance_record *row = ledger_find(&run->ledger, number);

		assert_non_null(past);
		assert_true(is_meant(call, past));
		assert_true(use ? row && !row->vm : !row);
		assert_true(call->uid == 0 || (call->uid == past->uid && !call->force));
		if (call->generation)
			assert_int_equal(past->generation, call->generation);
		if (!call->force && !use) {
			assert_true(!past->tenant || !past->vm);
			assert_false(past->grant.life == LIFE_PROCESS && !may_expire(run, past) &&
				     runs(run, &past->grant.process));
		}
	}
	for (size_t i = 0; i < run->ledger.instances.count && !use; i++) {
		const struct instance_record *row = run->ledger.instances.items[i];

		assert_false(row->number < call->number && is_meant(call, row));
	}
}

static void check_changed(
	const struct run *run, const struct call *call, const struct request *request)
{
	for (size_t i = 0; i < request->instances.count; i++) {
		const struct instance_record *row =
			ledger_find(&run->ledger, number_of(request->instances.items[i]));

		assert_non_null(row);
		assert_true(call->uid == 0 || call->uid == row->uid);
		if (call->type == REQUEST_ASSIGN)
			assert_true(same(row->vm, call->vm));
		else if (call->type == REQUEST_UNASSIGN)
			assert_null(row->vm);
		else
			assert_true((row->grant.life == LIFE_PROCESS &&
					    process_equal(&row->grant.process, &call->process)) ||
				    (row->use.life == LIFE_PROCESS &&
					    process_equal(&row->use.process, &call->process)));
	}
	assert_true(request->instances.count > 0);
}

static void check_done(struct run *run, const struct call *call, const struct request *request)
{
	switch (call->type) {
	case REQUEST_CLAIM:
		check_claimed(run, call, request);
		break;
	case REQUEST_RELEASE:
		check_released(run, call, request);
		break;
	case REQUEST_ASSIGN:
	case REQUEST_UNASSIGN:
	case REQUEST_BIND:
		check_changed(run, call, request);
		break;
	case REQUEST_ACCEPT_LOSS:
		assert_false(run->ledger.loss);
		break;
	}
}

static void check_refused(
	const struct run *run, const struct call *call, const struct request *request)
{
	assert_true(request->message.length > 0);
	switch (request->answer) {
	case ANSWER_TIMEOUT:
		assert_true(call->wait_until && call->wait_until <= run->now);
		break;
	case ANSWER_STORAGE_FAILED:
		assert_true(run->trouble);
		break;
	case ANSWER_BUSY:
		assert_non_null(request->busy_device);
		assert_non_null(request->busy_reasons);
		break;
	case ANSWER_STALE_GENERATION:
		assert_true(call->generation != 0);
		break;
	case ANSWER_INVALID:
		assert_non_null(request->parameter);
		break;
	case ANSWER_NOT_PERMITTED:
		assert_true(call->uid != 0 || call->type == REQUEST_CLAIM);
		break;
	case ANSWER_DONE:
	case ANSWER_NO_SUCH_DEVICE:
	case ANSWER_NO_SUCH_GROUP:
	case ANSWER_NO_SUCH_INSTANCE:
	case ANSWER_NO_DEVICE_AVAILABLE:
		break;
	}
}

static void check_answer(struct run *run, struct request *request)
{
	struct call *call = request->caller;

	assert_false(call->answered);
	call->answered = true;
	if (request->abandoned && request->answer == ANSWER_DONE && request->instances.count == 0 &&
		call->type != REQUEST_RELEASE) {
		note.abandoned++; /* it had not been decided */
		say("  call %" PRId64 " abandoned", call->real - REAL);
		return;
	}
	note.answers[call->type][request->answer]++;
	say("  call %" PRId64 " %s %s", call->real - REAL, answer_names[request->answer],
		buffer_string(&request->message));
	if (request->answer == ANSWER_DONE && !request->abandoned)
		check_done(run, call, request);
	else if (!request->abandoned)
		check_refused(run, call, request);
}

/* ---- invariants */

/* What stands in the core is what stands in the rows, and nothing else. */
static void check_rows(const struct run *run)
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

static void check_tokens(const struct run *run)
{
	const struct vector *rows = &run->ledger.instances;

	for (size_t i = 0; i < rows->count; i++)
		for (size_t k = 0; k < i; k++) {
			const struct instance_record *one = rows->items[i];
			const struct instance_record *other = rows->items[k];

			if (one->uid == other->uid && one->grant.token &&
				same(one->grant.token, other->grant.token))
				assert_int_equal(one->since, other->since);
		}
}

static bool has_twin(const struct core *core, const struct device *device)
{
	struct text *const *values = device->now.facts->values;
	char key[128];

	if (!values[FIELD_SERIAL])
		return false;
	snprintf(key, sizeof(key), "usb/%s:%s/serial/%s", values[FIELD_VENDOR_ID]->bytes,
		values[FIELD_MODEL_ID]->bytes, values[FIELD_SERIAL]->bytes);
	for (size_t i = 0; i < core->claims.instances.count; i++) {
		const struct instance *instance = core->claims.instances.items[i];

		if (!instance->released && same(instance->identity->key->bytes, key) &&
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
static void check_progress(const struct run *run, const char *group)
{
	const struct core *core = &run->world.core;
	const struct call *head = NULL;
	int64_t free = 0;

	for (size_t i = 0; i < run->calls.count; i++) {
		const struct call *call = run->calls.items[i];

		if (call->type == REQUEST_CLAIM && !call->answered && same(call->group, group) &&
			!(call->vm && call->tenant)) {
			head = call;
			break;
		}
	}
	if (!head || !is_waiting(head) || run->fleet.whole_slots)
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

static void check_lives(const struct run *run)
{
	const struct core *core = &run->world.core;

	for (size_t i = 0; i < core->claims.instances.count; i++) {
		const struct instance *instance = core->claims.instances.items[i];
		const struct hold *holds[] = {&instance->terms.grant, &instance->terms.use};
		const struct resource_group *group =
			ruleset_find_group(core->ruleset, instance->group->bytes);

		assert_false(instance->busy);
		assert_true(!instance->terms.bind_by || instance->terms.bind_by > real_time(run));
		if (!instance->identity->device && group->return_grace >= 0)
			assert_true(instance->missing_since + group->return_grace * CLOCK_SECOND >
				    run->now);
		for (size_t k = 0; k < 2; k++) {
			bool tied = false;

			if (holds[k]->life != LIFE_EXPLICIT)
				assert_true(runs(run, &holds[k]->process));
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

static void load_into(struct run *run, struct world *world)
{
	struct vector moves = {0};
	struct ruleset *ruleset = world_load(world, run->fleet.rules);

	assert_non_null(ruleset);
	core_replace_rules(&world->core, ruleset, &moves);
	move_list_done(&moves);
}

/* Begins as the daemon does: rows, rules, the first scan. */
static void start(struct run *run, struct world *world)
{
	struct stored stored;

	world_init(world);
	world->core.rights = &run->rights;
	world->core.claims.patience = PATIENCE;
	ledger_read(&run->ledger, &stored);
	claims_restore(&world->core, &stored, run->now, real_time(run));
	stored_done(&stored);
	load_into(run, world);
	fleet_show(&run->fleet, world);
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

static void check_fresh(struct run *run)
{
	struct world world;
	struct delta delta = {0};

	note.fresh++;
	start(run, &world);
	claims_turn(&world.core, run->now);
	core_settle(&world.core, &delta);
	delta_done(&delta);
	compare_cores(&run->world.core, &world.core);
	world_done(&world);
}

static bool is_quiet(const struct run *run)
{
	const struct claims *claims = &run->world.core.claims;

	return !run->batch && claims->deciding.count == 0 && run->now >= claims->retry &&
	       claims_deadline(&run->world.core) > run->now;
}

static void check(struct run *run)
{
	struct core *core = &run->world.core;

	subscriber_compare(&run->subscriber, core);
	check_rows(run);
	check_tokens(run);
	for (size_t i = 0; i < core->inventory.devices.count; i++)
		check_membership(core, core->inventory.devices.items[i]);
	if (!is_quiet(run))
		return;
	check_lives(run);
	for (size_t i = 0; i < FLEET_GROUPS; i++)
		check_progress(run, fleet_groups[i]);
	if (chance_in(&run->chance, 4))
		check_fresh(run);
}

/* ---- the edge */

/* The ends of processes that the core learned of too late to be told of them. */
static bool report_ends(struct run *run)
{
	struct process *processes;
	size_t count;
	bool any = false;

	if (!claims_processes(&run->world.core, &processes, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (runs(run, &processes[i]))
			continue;
		any = true;
		claims_end_process(&run->world.core, &processes[i]);
	}
	free(processes);
	return any;
}

static void settle(struct run *run)
{
	struct core *core = &run->world.core;
	struct delta delta = {0};
	struct request *request;

	claims_turn(core, run->now);
	if (!run->batch)
		run->batch = claims_take_batch(core);
	core_settle(core, &delta);
	for (size_t i = 0; i < delta.changes.count; i++) {
		const struct change *change = delta.changes.items[i];

		note.events[change->type]++;
		if (getenv("LOG"))
			say("  > %s %s%s %s", change_type_name(change->type),
				change->device ? change->device->bytes : "",
				change->instance ? change->instance->bytes : "",
				change->group ? change->group->bytes : "");
		if (change->type == EVENT_INSTANCE_MISSING)
			run->missed[number_of(change->instance)] = true;
		subscriber_apply(&run->subscriber, change);
	}
	delta_done(&delta);
	while ((request = claims_take_answer(core))) {
		check_answer(run, request);
		request_free(request);
	}
}

static void turn(struct run *run)
{
	unsigned turns = 0;

	do {
		settle(run);
		if (++turns > 20)
			fail_msg("the core is never done");
	} while (report_ends(run) || claims_deadline(&run->world.core) <= run->now);
	check(run);
}

static void remember(struct run *run, enum batch_outcome outcome)
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

static void commit(struct run *run, enum batch_outcome outcome)
{
	if (!run->batch)
		return;
	say("commit %d of %zu", (int)outcome, run->batch->writes.count);
	run->trouble |= outcome != BATCH_COMMITTED;
	ledger_write(&run->ledger, run->batch, outcome);
	remember(run, outcome);
	claims_finish(&run->world.core, run->batch, run->now);
	run->batch = NULL;
	turn(run);
}

static enum batch_outcome random_outcome(struct run *run)
{
	return chance_in(&run->chance, 8)    ? BATCH_FAILED
	       : chance_in(&run->chance, 12) ? BATCH_ESSENTIAL
					     : BATCH_COMMITTED;
}

static void open_client(struct run *run, unsigned at)
{
	run->clients[at] = (struct client){++run->connections, chance_below(&run->chance, PEERS),
		run->processes[chance_below(&run->chance, PROCESSES)]};
	if (chance_in(&run->chance, 2))
		run->clients[at].peer = chance_below(&run->chance, 2);
}

static struct text *interned(struct run *run, const char *string)
{
	return string ? text_intern_string(&run->world.pool, string) : NULL;
}

static void send(struct run *run, struct call *call, struct request *request)
{
	say("call %" PRId64 " type %d uid %u conn %" PRIu64 " group %s device %s vm %s tenant %s "
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
	claims_request(&run->world.core, request, run->now);
}

static struct call *new_call(
	struct run *run, enum request_type type, unsigned client, struct request **ret_request)
{
	struct call *call = memory_allocate(sizeof(*call));
	struct request *request = request_new(type);
	const struct client *by = &run->clients[client];

	run->now++;
	*call = (struct call){.type = type,
		.real = real_time(run),
		.uid = uids[by->peer],
		.connection = by->connection,
		.number = run->world.core.claims.next_number};
	request->peer = &run->peers[by->peer];
	request->client_process = by->process;
	vector_add(&run->calls, call);
	*ret_request = request;
	return call;
}

#define ANY(run, array) ((array)[chance_below(&(run)->chance, ARRAY_LENGTH(array))])

static void set_process(struct run *run, struct call *call, struct request *request)
{
	call->process = ANY(run, run->processes);
	request->process = call->process;
	request->pid = call->process.pid;
}

static void set_life(struct run *run, struct call *call, struct request *request)
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

static void set_owner(struct run *run, struct call *call)
{
	unsigned kind = chance_below(&run->chance, 6);

	if (kind < 5)
		call->vm = ANY(run, vms);
	if (kind >= 3)
		call->tenant = ANY(run, tenants);
}

static void step_claim(struct run *run)
{
	struct request *request;
	struct call *call =
		new_call(run, REQUEST_CLAIM, chance_below(&run->chance, CONNECTIONS), &request);
	const struct vector *devices = &run->world.core.inventory.devices;

	set_owner(run, call);
	set_life(run, call, request);
	call->count = 1;
	if (chance_in(&run->chance, 4) && devices->count > 0)
		call->device = ANY(run, fleet_ids);
	if (!call->device || chance_in(&run->chance, 4))
		call->group = ANY(run, fleet_groups);
	if (!call->device && chance_in(&run->chance, 3))
		call->count = 1 + chance_below(&run->chance, 3);
	if (chance_in(&run->chance, 4))
		call->token = ANY(run, tokens);
	request->numa_node = (int64_t)chance_below(&run->chance, 3) - 1;
	if (chance_in(&run->chance, 2))
		request->wait_ms = 1 + chance_below(&run->chance, 4000);
	if (chance_in(&run->chance, 5))
		request->bind_ms = 1 + chance_below(&run->chance, 4000);
	send(run, call, request);
}

static int64_t any_number(struct run *run)
{
	const struct vector *instances = &run->world.core.claims.instances;

	if (instances->count == 0 || chance_in(&run->chance, 10))
		return 1 + chance_below(&run->chance, 20);
	return ((struct instance *)
			instances->items[chance_below(&run->chance, (unsigned)instances->count)])
		->number;
}

static void step_change(struct run *run, enum request_type type)
{
	struct request *request;
	struct call *call = new_call(run, type, chance_below(&run->chance, CONNECTIONS), &request);

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
	send(run, call, request);
}

static void step_accept_loss(struct run *run)
{
	struct request *request;
	struct call *call = new_call(run, REQUEST_ACCEPT_LOSS, 0, &request);

	send(run, call, request);
}

static void step_device(struct run *run)
{
	unsigned place = chance_below(&run->chance, FLEET_PLACES);

	say("%s %s", fleet_ids[place], fleet_step(&run->fleet, &run->world, place));
}

static void step_close(struct run *run)
{
	unsigned at = chance_below(&run->chance, CONNECTIONS);

	say("close %" PRIu64, run->clients[at].connection);
	claims_close_connection(&run->world.core, run->clients[at].connection);
	open_client(run, at);
}

static void step_end(struct run *run)
{
	unsigned at = chance_below(&run->chance, PROCESSES);
	struct process ended = run->processes[at];

	say("end %" PRId64, ended.pid);
	run->processes[at].start++;
	claims_end_process(&run->world.core, &ended);
	for (size_t i = 0; i < CONNECTIONS; i++)
		if (process_equal(&run->clients[i].process, &ended))
			run->clients[i].process = run->processes[at];
}

/* As a timer does it: the core runs when it said that something is due. */
static void step_time(struct run *run)
{
	int64_t passes = chance_below(&run->chance, 3000) * CLOCK_MILLISECOND;

	if (chance_in(&run->chance, 8))
		passes += PATIENCE;
	if (run->batch && passes >= CLOCK_SECOND)
		run->trouble = true;
	say("time %" PRId64, passes / CLOCK_MILLISECOND);
	run->now += passes;
	if (claims_deadline(&run->world.core) <= run->now)
		turn(run);
	check(run);
}

static bool objects(const struct run *run, const struct ruleset *ruleset)
{
	const struct vector *instances = &run->world.core.claims.instances;

	for (size_t i = 0; i < instances->count; i++) {
		const struct instance *instance = instances->items[i];
		const struct resource_group *group =
			ruleset_find_group(ruleset, instance->group->bytes);

		if (!instance->released && (!group || group->kind != instance->kind))
			return true;
	}
	return false;
}

static void step_reload(struct run *run)
{
	bool whole = run->fleet.whole_slots;
	char *text = fleet_rules(&run->fleet, true);
	struct ruleset *ruleset = world_load(&run->world, text);
	struct rule_errors errors = {0};

	assert_non_null(ruleset);
	claims_check_rules(&run->world.core, ruleset, &errors);
	assert_int_equal(errors.errors.count > 0, objects(run, ruleset));
	ruleset_free(ruleset);
	say("reload%s: %s", errors.errors.count > 0 ? " refused" : "", text);
	if (errors.errors.count > 0) {
		note.refused_reloads++;
		run->fleet.whole_slots = whole;
		free(text);
	} else {
		free(run->fleet.rules);
		run->fleet.rules = text;
		run->whole_slots |= whole;
		run->reloaded = true;
		load_into(run, &run->world);
	}
	rule_errors_done(&errors);
}

static void step_crash(struct run *run)
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
		run->fleet.rules = fleet_rules(&run->fleet, true);
		run->reloaded = true;
	}
	if (chance_in(&run->chance, 8))
		run->ledger.loss = run->trouble = true;
	for (unsigned i = 0; i < CONNECTIONS; i++)
		open_client(run, i);
	say("crash, with %s", run->fleet.rules);
	start(run, &run->world);
	turn(run);
}

static const enum step weights[] = {STEP_DEVICE, STEP_DEVICE, STEP_DEVICE, STEP_DEVICE, STEP_DEVICE,
	STEP_CLAIM, STEP_CLAIM, STEP_CLAIM, STEP_CLAIM, STEP_CLAIM, STEP_ASSIGN, STEP_UNASSIGN,
	STEP_BIND, STEP_RELEASE, STEP_RELEASE, STEP_CLOSE, STEP_END, STEP_TIME, STEP_TIME,
	STEP_COMMIT, STEP_COMMIT, STEP_COMMIT, STEP_COMMIT, STEP_COMMIT, STEP_COMMIT};

static void take_step(struct run *run)
{
	enum step step = ANY(run, weights);

	if (chance_in(&run->chance, 25))
		step = chance_in(&run->chance, 2)   ? STEP_RELOAD
		       : chance_in(&run->chance, 2) ? STEP_CRASH
						    : STEP_ACCEPT_LOSS;
	note.steps[step]++;
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
		turn(run);
		step_time(run);
		break;
	case STEP_RELOAD:
		step_reload(run);
		break;
	case STEP_CRASH:
		step_crash(run);
		break;
	case STEP_COMMIT:
		commit(run, random_outcome(run));
		break;
	case STEP_COUNT:
		break;
	}
	if (chance_below(&run->chance, 3) > 0)
		turn(run);
}

/* ---- cases */

static void allow(struct run *run, const char *group)
{
	struct text *name = text_new(group, strlen(group));
	struct people *people = rights_allow(&run->rights, name);

	people->user_count = strcmp(group, "p") == 0 ? 2 : 1;
	people->users = memory_allocate(people->user_count * sizeof(*people->users));
	memcpy(people->users, &uids[1], people->user_count * sizeof(*people->users));
	text_unref(name);
}

static void begin(struct run *run, uint64_t seed)
{
	*run = (struct run){.chance = {seed}, .now = CLOCK_SECOND};
	chance_below(&run->chance, 2);
	fleet_init(&run->fleet, &run->chance);
	for (size_t i = 0; i < FLEET_GROUPS; i++)
		allow(run, fleet_groups[i]);
	for (unsigned i = 0; i < PEERS; i++)
		run->peers[i] = (struct peer){.uid = uids[i]};
	for (unsigned i = 0; i < PROCESSES; i++) {
		run->processes[i] = (struct process){.pid = 100 + i, .start = 1};
		memcpy(run->processes[i].boot, boot, sizeof(boot));
	}
	for (unsigned i = 0; i < CONNECTIONS; i++)
		open_client(run, i);
	run->fleet.rules = fleet_rules(&run->fleet, chance_in(&run->chance, 3));
	start(run, &run->world);
	for (unsigned i = 0; i < FLEET_PLACES; i++)
		if (!chance_in(&run->chance, 3))
			say("%s %s", fleet_ids[i], fleet_step(&run->fleet, &run->world, i));
	turn(run);
}

static void drain(struct run *run)
{
	for (unsigned i = 0; i < 50 && (run->batch || !is_quiet(run)); i++) {
		run->now += CLOCK_SECOND;
		if (run->batch)
			commit(run, BATCH_COMMITTED);
		else
			turn(run);
	}
	assert_true(is_quiet(run));
}

static void release_everything(struct run *run)
{
	run->clients[0].peer = 0;
	while (run->ledger.instances.count > 0) {
		const struct instance_record *row = run->ledger.instances.items[0];
		struct request *request;
		struct call *call = new_call(run, REQUEST_RELEASE, 0, &request);

		call->instance = row->number;
		call->force = true;
		send(run, call, request);
		turn(run);
		drain(run);
	}
}

/* Everything comes to rest: each call is answered, nobody holds anything, no timer is left. */
static void finish(struct run *run)
{
	say("finish");
	turn(run);
	drain(run);
	run->now += 10 * CLOCK_SECOND;
	turn(run);
	drain(run);
	release_everything(run);
	run->now += 10 * CLOCK_SECOND;
	turn(run);
	drain(run);
	release_everything(run);
	for (size_t i = 0; i < run->calls.count; i++)
		assert_true(((struct call *)run->calls.items[i])->answered);
	assert_int_equal(claims_count(&run->world.core), 0);
	assert_int_equal(run->world.core.claims.instances.count, 0);
	assert_true(list_is_empty(&run->world.core.claims.queues));
	assert_true(claims_deadline(&run->world.core) == CLOCK_NEVER);
	check_fresh(run);
}

static void run_case(uint64_t seed)
{
	struct run run;

	begin(&run, seed);
	for (unsigned i = 0; i < STEPS; i++)
		take_step(&run);
	finish(&run);
	subscriber_done(&run.subscriber);
	world_done(&run.world);
	fleet_done(&run.fleet);
	ledger_done(&run.ledger);
	rights_done(&run.rights);
	for (size_t i = 0; i < NUMBERS; i++)
		instance_record_free(run.past[i]);
	for (size_t i = 0; i < run.calls.count; i++)
		free(run.calls.items[i]);
	vector_done(&run.calls);
}

static const char *const request_names[] = {
	"Claim", "Assign", "Unassign", "Bind", "Release", "AcceptLoss"};

/* What can never be answered so. */
static bool is_possible(enum request_type type, enum answer answer)
{
	bool change = type != REQUEST_CLAIM && type != REQUEST_ACCEPT_LOSS;

	switch (answer) {
	case ANSWER_DONE:
	case ANSWER_STORAGE_FAILED:
		return true;
	case ANSWER_INVALID:
		return type != REQUEST_BIND && type != REQUEST_RELEASE &&
		       type != REQUEST_ACCEPT_LOSS;
	case ANSWER_NO_SUCH_DEVICE:
	case ANSWER_NO_SUCH_GROUP:
	case ANSWER_NO_DEVICE_AVAILABLE:
	case ANSWER_TIMEOUT:
		return type == REQUEST_CLAIM;
	case ANSWER_NO_SUCH_INSTANCE:
		return change;
	case ANSWER_BUSY:
	case ANSWER_NOT_PERMITTED:
		return type != REQUEST_ACCEPT_LOSS;
	case ANSWER_STALE_GENERATION:
		return type == REQUEST_RELEASE;
	}
	return false;
}

static void tell(const char *what, const char *of, uint64_t count, unsigned *missed)
{
	printf("# %-12s %-22s %" PRIu64 "\n", what, of, count);
	*missed += count == 0;
}

/* Everything that can happen must have happened. */
static void check_coverage(void)
{
	unsigned missed = 0;

	for (unsigned i = 0; i < STEP_COUNT; i++)
		tell("step", step_names[i], note.steps[i], &missed);
	for (unsigned type = 0; type < ARRAY_LENGTH(request_names); type++)
		for (unsigned i = 0; i < ARRAY_LENGTH(answer_names); i++)
			if (is_possible(type, i))
				tell(request_names[type], answer_names[i], note.answers[type][i],
					&missed);
			else
				assert_int_equal(note.answers[type][i], 0);
	for (unsigned i = 0; i < EVENT_RULES_RELOADED; i++)
		tell("event", change_type_name(i), note.events[i], &missed);
	tell("reload", "refused", note.refused_reloads, &missed);
	tell("call", "abandoned", note.abandoned, &missed);
	tell("core", "compared with a fresh", note.fresh, &missed);
	assert_int_equal(missed, 0);
}

static void claims_hold(void **state)
{
	const char *seed = getenv("SEED");
	const char *cases = getenv("CASES");
	uint64_t first = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
	uint64_t count = seed ? 1 : cases ? strtoull(cases, NULL, 10) : 2000;

	(void)state;
	printf("# %llu cases from SEED=%llu\n", (unsigned long long)count,
		(unsigned long long)first);
	for (uint64_t i = 0; i < count; i++) {
		note.seed = first + i;
		note.line = 0;
		run_case(first + i);
	}
	note.seed = 0;
	if (count >= 1000)
		check_coverage();
}

/* Runs after a failure too, and says how to repeat it. */
static int tell_seed(void **state)
{
	(void)state;
	if (!note.seed)
		return 0;
	printf("# failed: SEED=%llu, the last steps:\n", (unsigned long long)note.seed);
	for (unsigned i = note.line > LOG_LINES ? note.line - LOG_LINES : 0; i < note.line; i++)
		printf("# %s\n", note.lines[i % LOG_LINES]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(claims_hold, tell_seed)};

	return cmocka_run_group_tests_name("claims", tests, NULL, NULL);
}
