/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decisions on their way to the disk and back: what they are about is marked as busy meanwhile. */
#pragma once

#include "claims/state.h"

enum operation_type {
	OPERATION_GRANT,
	OPERATION_CHANGE,
	OPERATION_RELEASE,
	OPERATION_ACCEPT_LOSS,
};

struct operation {
	enum operation_type type;
	bool essential;		 /* takes something back: see struct write */
	int64_t since;		 /* monotonic: when it was decided */
	struct request *request; /* that it answers; NULL: nobody's, or answered already */
	struct vector instances; /* of struct instance */
	struct vector terms;	 /* of struct instance_terms, one for each, of a change; owned */
};

/* A decision for the next batch. */
struct operation *operation_add(
	struct claims *claims, enum operation_type type, struct request *request, int64_t now);
void operation_add_instance(struct operation *operation, struct instance *instance);

/* Likewise with what its terms will be; to be filled in, beginning with those it has. */
struct instance_terms *operation_add_change(struct operation *operation, struct instance *instance);

/* The change that has the request's VM use the instance, or takes it from the one that does. */
void operation_assign(struct operation *operation, struct instance *instance, int64_t now);
void operation_unassign(struct operation *operation, struct instance *instance);
struct operation *operation_free(struct operation *operation);

/* The request waits until an operation is back; it is decided anew then. */
void operation_park(struct claims *claims, struct request *request, int64_t now);

/*
 * All decisions since the last batch, or NULL if there are none. The caller owns it, and takes no
 * other before it gave this one's outcome to operation_finish.
 */
struct batch *operation_take_batch(struct claims *claims);

/* Applies or undoes the operations of the batch that was taken last, and frees it. */
void operation_finish(struct claims *claims, struct batch *batch, int64_t now);

/* Answers who waits too long for the disk. */
void operation_expire(struct claims *claims, int64_t now);

/* Lives that `ends` says are over end in what is on its way too. */
typedef bool hold_ends(const struct hold *hold, const void *what);
void operation_end_lives(struct claims *claims, hold_ends *ends, const void *what);

/* Whoever asked over this connection is gone. */
void operation_abandon(struct claims *claims, uint64_t connection);
