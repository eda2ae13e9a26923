/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/edge.h"

#include "base/clock.h"
#include "base/memory.h"
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

static const char boot[] = "00000000-0000-4000-8000-000000000000";

static const char *const verbs[] = {
	[REQUEST_CLAIM] = "claim",
	[REQUEST_ASSIGN] = "assign",
	[REQUEST_UNASSIGN] = "unassign",
	[REQUEST_BIND] = "bind",
	[REQUEST_RELEASE] = "release",
	[REQUEST_ACCEPT_LOSS] = "accept-loss",
};

static void start(struct edge *edge)
{
	struct stored stored;

	world_init(&edge->world);
	edge->world.claims.rights = &edge->rights;
	edge->world.claims.patience = 5 * CLOCK_SECOND;
	ledger_read(&edge->ledger, &stored);
	claims_restore(&edge->world.claims, &stored, edge->now, edge->now + edge->real);
	stored_done(&stored);
}

void edge_init(struct edge *edge)
{
	*edge = (struct edge){.now = CLOCK_SECOND, .real = INT64_C(1000000000000000)};
	start(edge);
	claims_start_missing(&edge->world.claims, edge->now);
}

void edge_done(struct edge *edge)
{
	batch_free(edge->batch);
	world_done(&edge->world);
	ledger_done(&edge->ledger);
	rights_done(&edge->rights);
	for (size_t i = 0; i < edge->seen.count; i++)
		free(edge->seen.items[i]);
	for (size_t i = 0; i < edge->requests.count; i++)
		free(edge->requests.items[i]);
	vector_done(&edge->seen);
	vector_done(&edge->requests);
	free(edge->rules);
}

static void put_in_force(struct edge *edge)
{
	struct vector moves = {0};
	struct ruleset *ruleset = world_load(&edge->world, edge->rules);

	assert_non_null(ruleset);
	world_put_in_force(&edge->world.claims, ruleset, &moves);
	move_list_done(&moves);
}

void edge_change_files(struct edge *edge, const char *rules)
{
	free(edge->rules);
	edge->rules = memory_duplicate(rules);
}

void edge_load_rules(struct edge *edge, const char *rules)
{
	edge_change_files(edge, rules);
	put_in_force(edge);
}

/* Forgets the look at this id. */
static void forget(struct edge *edge, const char *id, size_t length)
{
	for (size_t i = 0; i < edge->seen.count; i++) {
		const char *words = edge->seen.items[i];

		if (strcspn(words, " ") == length && strncmp(words, id, length) == 0)
			free(vector_remove(&edge->seen, i--));
	}
}

void edge_see(struct edge *edge, const char *words)
{
	forget(edge, words, strcspn(words, " "));
	vector_add(&edge->seen, memory_duplicate(words));
	world_see_all(&edge->world, words);
}

void edge_lose(struct edge *edge, const char *id)
{
	forget(edge, id, strlen(id));
	devices_lose(&edge->world.devices, id);
}

static struct process process_of(const char *pid)
{
	struct process process = {.pid = strtoll(pid, NULL, 10), .start = 1};

	memcpy(process.boot, boot, sizeof(boot));
	return process;
}

static bool set_text(struct edge *edge, struct request *request, const char *key, const char *value)
{
	struct text **slot = strcmp(key, "vm") == 0	  ? &request->vm
			     : strcmp(key, "tenant") == 0 ? &request->tenant
			     : strcmp(key, "group") == 0  ? &request->group
			     : strcmp(key, "device") == 0 ? &request->device
			     : strcmp(key, "token") == 0  ? &request->token
							  : NULL;

	if (slot)
		text_replace(slot, text_intern_string(&edge->world.pool, value));
	return slot;
}

static bool set_number(struct request *request, const char *key, const char *value)
{
	int64_t number = strtoll(value, NULL, 10);

	if (strcmp(key, "instance") == 0)
		request->instance = number;
	else if (strcmp(key, "generation") == 0)
		request->generation = number;
	else if (strcmp(key, "count") == 0)
		request->count = number;
	else if (strcmp(key, "numa") == 0)
		request->numa_node = number;
	else if (strcmp(key, "wait") == 0)
		request->wait_ms = number;
	else if (strcmp(key, "bind") == 0)
		request->bind_ms = number;
	else if (strcmp(key, "conn") == 0)
		request->connection = (uint64_t)number;
	else if (strcmp(key, "force") == 0)
		request->force = number;
	else
		return false;
	return true;
}

static bool set_word(struct edge *edge, struct request *request, const char *key, const char *value)
{
	struct edge_request *caller = request->caller;

	if (set_text(edge, request, key, value) || set_number(request, key, value))
		return true;
	if (strcmp(key, "uid") == 0) {
		caller->peer.uid = (uid_t)strtoul(value, NULL, 10);
	} else if (strcmp(key, "life") == 0) {
		request->life = life_find(value);
	} else if (strcmp(key, "pid") == 0) {
		request->process = process_of(value);
		request->pid = request->process.pid;
	} else if (strcmp(key, "client") == 0) {
		request->client_process = process_of(value);
	} else {
		return false;
	}
	return true;
}

static struct request *new_request(struct edge *edge, const char *verb)
{
	enum request_type type = 0;
	struct edge_request *caller;
	struct request *request;

	while (type < ARRAY_LENGTH(verbs) && strcmp(verbs[type], verb) != 0)
		type++;
	if (type == ARRAY_LENGTH(verbs))
		return NULL;
	request = request_new(type);
	caller = memory_allocate(sizeof(*caller));
	vector_add(&edge->requests, caller);
	snprintf(caller->name, sizeof(caller->name), "%s#%zu", verb, edge->requests.count);
	request->caller = caller;
	request->peer = &caller->peer;
	request->connection = 1;
	request->real = edge->now + edge->real;
	return request;
}

bool edge_request(struct edge *edge, const char *words)
{
	char *copy = memory_duplicate(words);
	char *rest = copy;
	struct request *request = new_request(edge, strsep(&rest, " "));
	bool known = request;

	while (known && rest) {
		char *value = strsep(&rest, " ");
		char *key = strsep(&value, "=");

		known = value && set_word(edge, request, key, value);
	}
	claims_follow(&edge->world.claims);
	if (known)
		claims_request(&edge->world.claims, request, edge->now);
	else
		request_free(request);
	free(copy);
	return known;
}

void edge_allow(struct edge *edge, const char *group, uid_t uid)
{
	struct people *people = rights_allow(&edge->rights, group);

	people->users = memory_allocate(sizeof(*people->users));
	people->users[people->user_count++] = uid;
}

void edge_end(struct edge *edge, int64_t pid)
{
	struct process process = {.pid = pid, .start = 1};

	memcpy(process.boot, boot, sizeof(boot));
	ending_process(&edge->world.claims, &process);
}

void edge_turn(struct edge *edge, struct delta *ret_delta)
{
	claims_follow(&edge->world.claims);
	claims_turn(&edge->world.claims, edge->now);
	if (!edge->batch)
		edge->batch = operation_take_batch(&edge->world.claims);
	claims_settle(&edge->world.claims, ret_delta);
}

void edge_commit(struct edge *edge, enum batch_outcome outcome)
{
	assert_non_null(edge->batch);
	ledger_write(&edge->ledger, edge->batch, outcome);
	operation_finish(&edge->world.claims, edge->batch, edge->now);
	edge->batch = NULL;
}

void edge_crash(struct edge *edge, bool written)
{
	if (edge->batch && written)
		ledger_write(&edge->ledger, edge->batch, BATCH_COMMITTED);
	edge->batch = batch_free(edge->batch);
	world_done(&edge->world);
	start(edge);
	put_in_force(edge);
	kept_group_keep(&edge->world.claims);
	claims_follow(&edge->world.claims);
	claims_turn(&edge->world.claims, edge->now); /* turns go on while the first scan does */
	for (size_t i = 0; i < edge->seen.count; i++)
		world_see_all(&edge->world, edge->seen.items[i]);
	claims_start_missing(&edge->world.claims, edge->now);
}
