/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claims/hold.h"

#include "base/clock.h"

struct hold hold_of_request(const struct request *request, int64_t now)
{
	struct hold hold = {.life = request->life, .count = request_units(request)};

	if (hold.life == LIFE_COUNT)
		hold.life = request->pid ? LIFE_PROCESS : LIFE_EXPLICIT;
	if (hold.life == LIFE_PROCESS)
		hold.process = request->process;
	if (hold.life == LIFE_CONNECTION)
		hold_tie(&hold, request);
	if (request->bind_ms) {
		hold.bind_until = now + request->bind_ms * CLOCK_MILLISECOND;
		hold.bind_by = request_real_time(request, hold.bind_until);
	}
	hold.token = text_ref(request->token);
	hold.token_uid = request->peer->uid;
	return hold;
}

struct hold hold_of_record(
	const struct hold_record *record, int64_t now, int64_t real, int64_t longest)
{
	int64_t left = record->bind_by - real;

	return (struct hold){.life = record->life,
		.process = record->process,
		.token_uid = record->token_uid,
		.count = record->count,
		.bind_by = record->bind_by,
		.bind_until = now + (left < longest ? left : longest)};
}

void hold_replace(struct hold *hold, struct hold with)
{
	text_unref(hold->token);
	*hold = with;
}

void hold_bind(struct hold *hold, const struct process *process)
{
	hold->life = LIFE_PROCESS;
	hold->process = *process;
	hold->connection = 0;
	hold->over = false;
	hold->bind_by = 0;
}

void hold_tie(struct hold *hold, const struct request *request)
{
	hold->connection = request->connection;
	hold->process = request->client_process;
	hold->over = false;
}

int64_t hold_deadline(const struct hold *hold)
{
	return hold->bind_by && !hold->over ? hold->bind_until : CLOCK_NEVER;
}

bool hold_has_process(const struct hold *hold)
{
	return hold->life == LIFE_PROCESS && !hold->over;
}

bool hold_ends_with_process(const struct hold *hold, const void *process)
{
	return hold->life != LIFE_EXPLICIT && process_equal(&hold->process, process);
}

bool hold_ends_with_connection(const struct hold *hold, const void *number)
{
	return hold->life == LIFE_CONNECTION && hold->connection == *(const uint64_t *)number;
}

bool hold_is_orphan(const struct hold *hold)
{
	return hold->life == LIFE_CONNECTION && !hold->process.pid;
}

bool hold_is_shown_as(const struct hold *left, const struct hold *right)
{
	return left->life == right->life && process_equal(&left->process, &right->process);
}
