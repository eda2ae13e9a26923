/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests of clients about instances, and their answers, as data: the edge fills one in, hands it
 * to claims_request, and gets it back from answer_take, in this turn or many turns later.
 */
#pragma once

#include "base/buffer.h"
#include "base/list.h"
#include "base/text.h"
#include "base/vector.h"
#include "claims/rights.h"
#include "model/instance.h"

/* The most that wait_ms and bind_ms may be: 7 days. */
#define REQUEST_LONGEST_MS (7 * 86400 * INT64_C(1000))

enum request_type {
	REQUEST_CLAIM,
	REQUEST_ASSIGN,
	REQUEST_UNASSIGN,
	REQUEST_BIND,
	REQUEST_RELEASE,
	REQUEST_ACCEPT_LOSS,
};

enum answer {
	ANSWER_DONE,
	ANSWER_INVALID, /* `parameter` is wrong */
	ANSWER_NO_SUCH_DEVICE,
	ANSWER_NO_SUCH_GROUP,
	ANSWER_NO_SUCH_INSTANCE,
	ANSWER_NO_DEVICE_AVAILABLE,
	ANSWER_BUSY, /* `busy_device`, `busy_reasons` */
	ANSWER_STALE_GENERATION,
	ANSWER_NOT_PERMITTED,
	ANSWER_TIMEOUT,
	ANSWER_STORAGE_FAILED,
};

struct request {
	struct list_link link; // queue::waiting, claims::parked or claims::answered
	enum request_type type;
	void *caller;		 /* the edge's own; never looked at */
	const struct peer *peer; /* outlives the request */
	uint64_t connection;	 /* number of the caller's connection in this run; not 0 */

	/* what was asked: NULL, 0 or -1 where it was left out */
	struct text *group;
	struct text *device;
	struct text *vm;
	struct text *tenant;
	struct text *token;
	int64_t instance; /* number */
	int64_t generation;
	int64_t count;
	int64_t numa_node; /* -1: any */
	int64_t wait_ms;
	int64_t bind_ms;
	enum life life;		       /* LIFE_COUNT: left out */
	int64_t pid;		       /* as asked, for messages */
	struct process process;	       /* that `pid` was found to be */
	struct process client_process; /* of the caller, for LIFE_CONNECTION; pid 0: not found */
	bool force;

	/* when it came, and while it waits */
	int64_t real;	    /* when it came, real time, microseconds; the edge says it */
	int64_t came;	    /* the same in monotonic time, private to claims/ */
	uint64_t place;	    /* how many came before it; likewise */
	int64_t wait_until; /* monotonic; 0: it does not wait */
	int64_t parked;	    /* monotonic: since when; 0: it is not */
	bool abandoned;	    /* the caller is gone: the answer is for nobody */

	/* the answer */
	enum answer answer;
	const char *parameter;	   /* static */
	struct text *busy_device;  /* id */
	struct text *busy_reasons; /* JSON array */
	struct buffer message;	   /* for people; empty with ANSWER_DONE */
	struct vector instances;   /* of struct text: the JSON of instances, after claims_settle */
	struct vector released;	   /* of struct text: ids of instances */

	struct vector holders; /* private to claims/: of struct instance, whose JSON is due */
};

struct request *request_new(enum request_type type);
struct request *request_free(struct request *request);

/* Whether it claims what its tenant holds already: no new instance, an Assign. */
static inline bool request_is_use(const struct request *request)
{
	return request->vm && request->tenant;
}

/* How many devices, or slots of a group that gives whole ones, it claims. */
static inline int64_t request_units(const struct request *request)
{
	return request->count ? request->count : 1;
}

/* Real time at `now`, monotonic: the request may have waited long since it came. */
static inline int64_t request_real_time(const struct request *request, int64_t now)
{
	return request->real + now - request->came;
}

/* Ends it with an answer; what is wrong, and what would be right. */
void request_answer(struct request *request, enum answer answer, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void request_answer_list(struct request *request, enum answer answer, const char *format,
	va_list arguments) __attribute__((format(printf, 3, 0)));

/* The device that ANSWER_BUSY is about; `reasons`: NULL is none. */
void request_set_busy(struct request *request, struct text *device, struct text *reasons);

/* Whether who asks may claim from the group, or change the instance. */
bool request_may_claim(
	const struct request *request, const struct rights *rights, const struct text *group);
bool request_may_change(const struct request *request, const struct rights *rights,
	const struct instance *instance);
