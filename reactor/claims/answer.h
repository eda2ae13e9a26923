/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that have their answer, until the edge takes them. */
#pragma once

#include "claims/state.h"

/* The request is answered: answer_take has it. */
void answer_add(struct claims *claims, struct request *request);

/* Answers it with an error; false, for whoever checks. */
bool answer_refuse(struct claims *claims, struct request *request, enum answer answer,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* What was asked is done, and this is what it is about: described by the next settling. */
void answer_done(struct claims *claims, struct request *request, const struct vector *instances);

/* The next request that is answered, after claims_settle; the caller frees it. NULL: none. */
struct request *answer_take(struct claims *claims);
