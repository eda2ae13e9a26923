/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One random life of the claims (tests/property/claims_test.c): devices, claims, what stands around
 * it, and what is known of it from outside.
 */
#pragma once

#include "base/clock.h"
#include "claims/answer.h"
#include "claims/claims.h"
#include "claims/ending.h"
#include "claims/kept_group.h"
#include "claims/life.h"
#include "claims/operation.h"
#include "claims/roster.h"
#include "lib/ledger.h"
#include "lib/population.h"
#include "lib/subscriber.h"

#define TRIAL_ANSWERS (ANSWER_STORAGE_FAILED + 1)
#define PEERS	      4
#define CONNECTIONS   5
#define PROCESSES     5
#define NUMBERS	      400
#define LOG_LINES     50
#define REAL	      INT64_C(1000000000)
#define PATIENCE      (5 * CLOCK_SECOND)

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

struct trial {
	struct world world;
	struct chance chance;
	struct population fleet;
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

/* What happened in all trials, and the last steps of this one. */
struct trial_note {
	uint64_t seed;
	char lines[LOG_LINES][200];
	unsigned line;
	uint64_t steps[STEP_COUNT];
	uint64_t answers[REQUEST_ACCEPT_LOSS + 1][TRIAL_ANSWERS];
	uint64_t events[EVENT_TYPE_COUNT];
	uint64_t refused_reloads;
	uint64_t abandoned;
	uint64_t fresh;
};

extern struct trial_note trial_note;

extern const char *const trial_answers[TRIAL_ANSWERS];
extern const uid_t trial_uids[PEERS];

/* trial_answer.c: what each answer promises. */
void trial_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool trial_is_waiting(const struct call *call); /* in a queue, as far as can be told */
bool trial_same(const char *left, const char *right);
int64_t trial_real_time(const struct trial *run);
bool trial_runs(const struct trial *run, const struct process *process);
int64_t trial_instance_number(const struct text *json);
void trial_check_answer(struct trial *run, struct request *request);

/* trial_check.c: what holds after every turn; more when nothing is on its way. */
void trial_check(struct trial *run);
void trial_check_fresh(struct trial *run);
bool trial_is_quiet(const struct trial *run);

/* Begins as the daemon does: rows, rules, the first scan. */
void trial_start(struct trial *run, struct world *world);
void trial_load_rules(struct trial *run, struct world *world);

/* trial_step.c: what can happen. */
void trial_step(struct trial *run);
void trial_turn(struct trial *run);
void trial_commit(struct trial *run, enum batch_outcome outcome);
void trial_open_client(struct trial *run, unsigned at);
struct call *trial_new_call(
	struct trial *run, enum request_type type, unsigned client, struct request **ret_request);
void trial_send(struct trial *run, struct call *call, struct request *request);
