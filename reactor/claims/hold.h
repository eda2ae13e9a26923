/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One life of an instance: the grant's, or the use's by a tenant's VM. What
 * a request asks of it, what the store kept of it, and when it ends. To add a life: here, its name
 * in model/record.c, and the schema of the store.
 */
#pragma once

#include "claims/request.h"

/* The life that the request asks for; `now` is monotonic. */
struct hold hold_of_request(const struct request *request, int64_t now);

/*
 * What was stored. `longest`: how long it was to be waited at most for a process to be bound, in
 * microseconds. It is not waited for longer from `now` on either, if the clock, `real`, was set
 * back while nobody looked.
 */
struct hold hold_of_record(
	const struct hold_record *record, int64_t now, int64_t real, int64_t longest);

/* Takes over the references of `hold` in place of those of the other. */
void hold_replace(struct hold *hold, struct hold with);

/* Ties it to a process, whatever it was before. */
void hold_bind(struct hold *hold, const struct process *process);

/* Ties one of LIFE_CONNECTION to the connection that the request came over. */
void hold_tie(struct hold *hold, const struct request *request);

/* When it ends unless it is bound, monotonic; CLOCK_NEVER. */
int64_t hold_deadline(const struct hold *hold);

/* Whether its process runs, as far as is known: its end is noticed at once. */
bool hold_has_process(const struct hold *hold);

/* Whether the process, or the connection of that number, is what it lasts as long as. */
bool hold_ends_with_process(const struct hold *hold, const void *process);
bool hold_ends_with_connection(const struct hold *hold, const void *number);

/* Whether nobody can tell any more whose it was: its connection is of an earlier run. */
bool hold_is_orphan(const struct hold *hold);

/* Whether both are shown alike. */
bool hold_is_shown_as(const struct hold *left, const struct hold *right);
