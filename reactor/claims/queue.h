/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One strict queue for each group, and one for what each user holds of it for each tenant. Only the
 * head is tried, and only when something it waits for may be free: a release costs two tries,
 * however many wait. A queue exists while somebody waits in it.
 */
#pragma once

#include "claims/state.h"

/*
 * Who waits for devices of a group, or, with `tenant`, for what that tenant holds of it. Only the
 * user whose instances they are may assign these, so each user has a queue of its own for them.
 */
struct queue {
	struct list_link link; // claims::queues; a queue lasts as long as somebody waits in it
	struct text *group;
	struct text *tenant;	  /* NULL: none */
	uid_t uid;		  /* of who waits, with `tenant`; else 0 */
	struct list_link waiting; /* of struct request, first come first served */
	bool due;		  /* something it waits for may be free */
};

enum queue_result {
	QUEUE_SERVED, /* an operation was made, or the request was answered */
	QUEUE_WAIT,   /* nothing is free */
};

/* Something of this group, held by `tenant` or free (NULL), may have become available. */
void queue_note(struct claims *claims, const struct text *group, const struct text *tenant);
void queue_note_all(struct claims *claims);

/*
 * What is known of the device differs, or it is gone: it may be free, and its slot as a whole. One
 * that is not free itself is no news to a group that gives single devices.
 */
void queue_note_device(struct claims *claims, const struct device *device);

/* Whether somebody who came before it waits where the request, which has its group, would. */
bool queue_has_earlier(const struct claims *claims, const struct request *request);

/*
 * Whether somebody who came before the request waits, in whichever queue, who could be given this
 * instance of a tenant to use: an admin's queue is not that of the tenant's user.
 */
bool queue_wants(const struct claims *claims, const struct instance *instance,
	const struct request *request);

/* The request waits, behind all who came before and before all who came after. */
void queue_enter(struct claims *claims, struct request *request);
struct queue *queue_free(struct queue *queue);

/* Answers who waited too long. */
void queue_expire(struct claims *claims, int64_t now);

/* Whoever asked over this connection waits no more. */
void queue_leave(struct claims *claims, uint64_t connection);
