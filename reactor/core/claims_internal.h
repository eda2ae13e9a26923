/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files claim*.c and holding.c share. */
#pragma once

#include "core/claims.h"

/*
 * Decides the device again, and has it settled if it differs (core.c). One that was there only
 * because an instance had it is gone.
 */
void core_decide(struct core *core, struct device *device);

void claims_init(struct claims *claims);
void claims_done(struct core *core);

/* The next core_settle looks at the instance. */
void claims_touch(struct core *core, struct instance *instance);
void claims_touch_all(struct core *core);

/* Something is due at `when`, monotonic. */
void claims_due(struct core *core, int64_t when);

/* The request is answered: claims_take_answer has it. */
void claims_answer(struct core *core, struct request *request);

/* Answers it with an error; false, for whoever checks. */
bool claims_refuse(struct core *core, struct request *request, enum answer answer,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The instance of this number, pending ones too; NULL: there is none. */
struct instance *claims_find(const struct core *core, int64_t number);

/* Takes the instance out and frees it. */
void claims_drop(struct core *core, struct instance *instance);

/* Its instance went: a group that was kept for it goes, too, and who waits there is told. */
void claims_drop_group(struct core *core, const struct text *name);

/* Whether it stands, committed and not released. */
bool claims_stands(const struct instance *instance);

/* Whether who asks may claim from the group, or change the instance. */
bool claims_may_claim(
	const struct core *core, const struct request *request, const struct resource_group *group);
bool claims_may_change(
	const struct core *core, const struct request *request, const struct instance *instance);

/* The grant of it, or the use, is over: it is released, or unassigned, whatever else it is. */
void claims_end_grant(struct core *core, struct instance *instance);
void claims_end_use(struct core *core, struct instance *instance);

/* It has terms, pending ones too, that the end of a connection may be the end of. */
void claims_note_tied(struct core *core, struct instance *instance);

/* Its terms begin or cease to be in force: other processes may have to be watched. */
void claims_note_lives(struct core *core, const struct instance *instance);

/* When the instance is released without anybody asking for it; CLOCK_NEVER. */
int64_t claims_instance_deadline(const struct core *core, const struct instance *instance);

/*
 * The wait for its device runs since `since`, or does not (CLOCK_NEVER): the device is present, or
 * nobody can know yet. Nothing else says that a grant may end for want of a device.
 */
void claims_await_device(struct core *core, struct instance *instance, int64_t since);

/* One of its lives is over. */
void claims_note_over(struct core *core, struct instance *instance);

/* Its device came back under another id, which its row has to say from now on. */
void claims_note_moved(struct core *core, struct instance *instance);

/* vm:NAME or tenant:NAME, interned; the caller owns a reference. */
struct text *claims_owner(struct core *core, const struct text *vm, const struct text *tenant);

/* claim_life.c: decides what follows from lives that ended and devices that moved. */
void lives_end(struct core *core, int64_t now);

/* claim_operation.c: a decision for the next batch; marks what it is about as busy. */
struct operation *operation_add(
	struct core *core, enum operation_type type, struct request *request, int64_t now);
void operation_add_instance(struct operation *operation, struct instance *instance);

/* Likewise with what its terms will be; to be filled in, beginning with those it has. */
struct instance_terms *operation_add_change(struct operation *operation, struct instance *instance);

/* The change that takes the instance from the VM that uses it. */
void operation_add_unassign(
	struct core *core, struct request *request, struct instance *instance, int64_t now);
void operation_unassign(struct operation *operation, struct instance *instance);
struct operation *operation_free(struct operation *operation);

/* The request waits until an operation is back; it is decided anew then. */
void operations_park(struct core *core, struct request *request, int64_t now);

/* Answers who waits too long for the disk. */
void operations_expire(struct core *core, int64_t now);

/* Lives that `ends` says are over end in what is on its way too. */
typedef bool hold_ends(const struct hold *hold, const void *what);
void operations_end_lives(struct core *core, hold_ends *ends, const void *what);

/* Whoever asked over this connection is gone. */
void operations_abandon(struct core *core, uint64_t connection);

/* Appends i-NUMBER to what the request released. */
void request_add_released(struct request *request, int64_t number);

/* claim_queue.c */
enum queue_result {
	QUEUE_SERVED, /* an operation was made, or the request was answered */
	QUEUE_WAIT,   /* nothing is free */
};

/* Something of this group, held by `tenant` or free (NULL), may have become available. */
void queue_note(struct core *core, const struct text *group, const struct text *tenant);
void queue_note_all(struct core *core);

/*
 * What is known of the device differs, or it is gone: it may be free, and its slot as a whole. One
 * that is not free itself is no news to a group that gives single devices.
 */
void queue_note_device(struct core *core, const struct device *device);

/* Whether somebody waits where the request, which has its group, would. */
bool queue_has_others(const struct core *core, const struct request *request);

/* Whether somebody waits who could be given this instance of a tenant to use. */
bool queue_wants(const struct core *core, const struct instance *instance);

void queue_enter(struct core *core, struct request *request);
struct queue *queue_free(struct queue *queue);
void queues_serve(struct core *core, int64_t now);
void queues_expire(struct core *core, int64_t now);
void queues_leave(struct core *core, uint64_t connection);

/*
 * claim_take.c: decides the Claim at the head of a queue: makes an operation, answers it, or says
 * that it must wait. Takes the request over unless it returns QUEUE_WAIT.
 */
enum queue_result claim_take(struct core *core, struct request *request, int64_t now);

/*
 * claim_token.c: true: its token was known, and the request was answered, decided or parked.
 */
bool claim_repeat(struct core *core, struct request *request, int64_t now);

/* A Claim as it comes in: decides it, queues it, or refuses it. */
void claim_begin(struct core *core, struct request *request, int64_t now);

/* claim_pick.c: appends `count` free devices of the group (or units of them) to ret_devices. */
struct pick {
	const struct resource_group *group;
	const struct text *owner;
	int64_t numa_node;
	size_t count;
};
bool pick_devices(struct core *core, const struct pick *pick, struct vector *ret_devices);

/* Whether a claim from the group may take the device, as far as it is only about this one. */
bool pick_is_free(const struct device *device, const struct text *group);

/* The device and what its group has go with it; false: not all of it is free. */
bool pick_unit(struct core *core, const struct resource_group *group, struct device *device,
	struct vector *ret_devices);

/* claim_change.c: Assign, Unassign, Bind, Release as they come in, or when they were parked. */
void claim_change(struct core *core, struct request *request, int64_t now);

/* settle_instance.c */
void settle_instances(struct core *core, struct delta *delta);
