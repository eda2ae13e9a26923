/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/trial.h"
#include "lib/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct trial_note trial_note;

const char *const trial_answers[TRIAL_ANSWERS] = {"done", "InvalidParameter", "NoSuchDevice",
	"NoSuchGroup", "NoSuchInstance", "NoDeviceAvailable", "Busy", "StaleGeneration",
	"NotPermitted", "Timeout", "StorageFailed"};

void trial_say(const char *format, ...)
{
	char *line = trial_note.lines[trial_note.line++ % LOG_LINES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(trial_note.lines[0]), format, arguments);
	va_end(arguments);
	if (getenv("LOG"))
		printf("# %s\n", line);
}

bool trial_same(const char *left, const char *right)
{
	return left && right ? strcmp(left, right) == 0 : left == right;
}

int64_t trial_real_time(const struct trial *run)
{
	return run->now + REAL;
}

static bool may_claim(uid_t uid, const char *group)
{
	return uid == 0 || uid == 1000 || (uid == 1001 && strcmp(group, "p") == 0);
}

bool trial_runs(const struct trial *run, const struct process *process)
{
	return process_equal(&run->processes[process->pid - 100], process);
}

/* Who waits in the same queue: for the group, or for what one tenant has of it. */
static bool same_queue(const struct call *left, const struct call *right)
{
	bool use = left->vm && left->tenant;

	return trial_same(left->group, right->group) && use == (right->vm && right->tenant) &&
	       (!use || trial_same(left->tenant, right->tenant));
}

bool trial_is_waiting(const struct call *call)
{
	return call->type == REQUEST_CLAIM && !call->answered && !call->token && !call->device &&
	       call->wait_until;
}

/* Nobody is served before one who came earlier and waits in the same queue. */
static void check_order(const struct trial *run, const struct call *call)
{
	for (size_t i = 0; i < run->calls.count; i++) {
		const struct call *other = run->calls.items[i];

		if (other->real < call->real && trial_is_waiting(other) && same_queue(other, call))
			fail_msg("call %" PRId64 " overtakes %" PRId64, call->real - REAL,
				other->real - REAL);
	}
}

int64_t trial_instance_number(const struct text *json)
{
	return strtoll(strstr(json->bytes, "\"id\":\"i-") + 8, NULL, 10);
}

static void check_quota(const struct trial *run, const struct instance_record *record)
{
	const struct resource_group *group =
		ruleset_find_group(run->world.devices.ruleset, record->group);
	const struct vector *rows = &run->ledger.instances;
	int64_t count = 0;

	for (size_t i = 0; i < rows->count; i++) {
		const struct instance_record *other = rows->items[i];

		count += trial_same(other->group, record->group) &&
			 trial_same(other->tenant, record->tenant) &&
			 (record->tenant || trial_same(other->vm, record->vm));
	}
	if (run->reloaded || group->owners.count == 0 || record->tenant)
		return;
	assert_true(strcmp(record->vm, "c") != 0);
	assert_true(count <= ((struct group_owner *)group->owners.items[0])->most);
}

static void check_claimed(struct trial *run, const struct call *call, const struct request *request)
{
	size_t fresh = 0;

	for (size_t i = 0; i < request->instances.count; i++) {
		const struct instance_record *row = ledger_find(
			&run->ledger, trial_instance_number(request->instances.items[i]));
		bool use = call->vm && call->tenant;

		assert_non_null(row);
		assert_true(trial_same(row->tenant, call->tenant));
		assert_true(use || !call->tenant ? trial_same(row->vm, call->vm) : true);
		assert_true(!call->group || trial_same(row->group, call->group));
		assert_true(!call->token ||
			    trial_same(use ? row->use.token : row->grant.token, call->token));
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
static bool may_expire(const struct trial *run, const struct instance_record *past)
{
	return past->grant.bind_by || run->missed[past->number] || !run->claims[past->number];
}

static bool is_meant(const struct call *call, const struct instance_record *past)
{
	if (call->instance)
		return past->number == call->instance;
	if (call->tenant)
		return trial_same(past->tenant, call->tenant);
	return !past->tenant && trial_same(past->vm, call->vm);
}

static void check_released(
	const struct trial *run, const struct call *call, const struct request *request)
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
				     trial_runs(run, &past->grant.process));
		}
	}
	for (size_t i = 0; i < run->ledger.instances.count && !use; i++) {
		const struct instance_record *row = run->ledger.instances.items[i];

		assert_false(row->number < call->number && is_meant(call, row) &&
			     (call->uid == 0 || call->uid == row->uid));
	}
}

static void check_changed(
	const struct trial *run, const struct call *call, const struct request *request)
{
	for (size_t i = 0; i < request->instances.count; i++) {
		const struct instance_record *row = ledger_find(
			&run->ledger, trial_instance_number(request->instances.items[i]));

		assert_non_null(row);
		assert_true(call->uid == 0 || call->uid == row->uid);
		if (call->type == REQUEST_ASSIGN)
			assert_true(trial_same(row->vm, call->vm));
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

static void check_done(struct trial *run, const struct call *call, const struct request *request)
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
	const struct trial *run, const struct call *call, const struct request *request)
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

void trial_check_answer(struct trial *run, struct request *request)
{
	struct call *call = request->caller;

	assert_false(call->answered);
	call->answered = true;
	if (request->abandoned && request->answer == ANSWER_DONE && request->instances.count == 0 &&
		call->type != REQUEST_RELEASE) {
		trial_note.abandoned++; /* it had not been decided */
		trial_say("  call %" PRId64 " abandoned", call->real - REAL);
		return;
	}
	trial_note.answers[call->type][request->answer]++;
	trial_say("  call %" PRId64 " %s %s", call->real - REAL, trial_answers[request->answer],
		buffer_string(&request->message));
	if (request->answer == ANSWER_DONE && !request->abandoned)
		check_done(run, call, request);
	else if (!request->abandoned)
		check_refused(run, call, request);
}
