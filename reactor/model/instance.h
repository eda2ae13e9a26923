/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instances and identities. An identity is what names a device over replugs
 * and restarts; it is kept from its first grant on. An instance is the grant of one identity to one
 * owner. Everything here is data; claims/ decides.
 */
#pragma once

#include "base/list.h"
#include "model/device.h"
#include "model/record.h"

/* Longest i-NUMBER with its NUL. */
#define INSTANCE_ID_SIZE sizeof("i-9223372036854775807")

/* Who had identities last; kept as long as there is one. */
struct owner {
	struct text *name;	     /* vm:NAME or tenant:NAME, interned */
	struct list_link identities; /* of struct identity */
};

struct identity {
	struct list_link link;	   // owner::identities
	struct text *key;	   /* canonical, see claims/identity.h */
	int64_t generation;	   /* grants so far */
	struct owner *owner;	   /* who had it last; NULL: nobody yet */
	struct device *device;	   /* the present one that it names; NULL: none is present */
	struct instance *instance; /* that holds it, pending ones too; NULL: none */
};

/* One of the two lives that an instance can have: the grant's, or the use's by a tenant's VM. */
struct hold {
	enum life life;
	struct process process; /* of LIFE_PROCESS and LIFE_CONNECTION */
	uint64_t connection;	/* of LIFE_CONNECTION: number in this run; 0: of an earlier run */
	bool over;		/* it has ended; what follows has not been committed yet */
	struct text *token;	/* NULL: none */
	int64_t token_uid;	/* whose it is */
	int64_t count;		/* that the claim with the token asked for */
	int64_t bind_by;	/* real time, microseconds: it ends then; 0: never */
	int64_t bind_until;	/* the same in monotonic time of this run */
};

/* What may change while an instance lasts. */
struct instance_terms {
	struct text *vm; /* owner, or the VM that uses a tenant's instance; NULL: none */
	struct hold grant;
	struct hold use;
};

enum instance_phase {
	INSTANCE_DECIDED,  /* not committed: nobody is told of it yet */
	INSTANCE_STANDING, /* committed */
	INSTANCE_RELEASED, /* so is its end; it goes when that was told */
};

enum instance_state {
	INSTANCE_PREPARING,
	INSTANCE_READY,
	INSTANCE_MISSING, /* its device is not present */
};

struct instance {
	int64_t number;
	struct identity *identity;
	struct text *device_id; /* of the device, or the one that it was last */
	uint64_t told_life;	/* of the device that subscribers know of; 0: missing */
	struct text *group;	/* name */
	enum kind kind;		/* of the group */
	unsigned kinds;		/* of the device; of the group while it was never seen */
	struct text *tenant;	/* NULL: none */
	int64_t uid;
	int64_t generation;
	int64_t since; /* real time, microseconds */
	struct instance_terms terms;

	enum instance_phase phase;
	bool busy;		/* a decision about it is being committed: no other is made */
	bool touched;		/* stands in claims::touched */
	struct list_link tied;	// claims::tied
	struct list_link over;	// claims::over
	struct list_link moved; // claims::moved
	struct list_link lost;	// claims::lost
	int64_t missing_since; /* monotonic: its device is waited for since then; CLOCK_NEVER: no */

	struct text *json;	    /* the Instance as subscribers know it; NULL: they do not */
	struct text *told_device;   /* likewise: id */
	struct instance_terms told; /* likewise */
};

/* The instance that has the device, decided ones too; NULL: it is nobody's. */
static inline struct instance *instance_of(const struct device *device)
{
	return device->identity ? device->identity->instance : NULL;
}

/* Whether it is committed and not released. */
static inline bool instance_stands(const struct instance *instance)
{
	return instance->phase == INSTANCE_STANDING;
}

enum instance_state instance_state(const struct instance *instance);

/* preparing, ready, missing. */
const char *instance_state_name(enum instance_state state);

void instance_format_id(int64_t number, char ret_id[static INSTANCE_ID_SIZE]);

/* The number of i-NUMBER; false: it is no such id. */
bool instance_parse_id(const char *id, int64_t *ret_number);

void instance_terms_copy(struct instance_terms *terms, const struct instance_terms *from);
void instance_terms_done(struct instance_terms *terms);

/* One whose device is not waited for. */
struct instance *instance_new(void);

/* Frees an instance that stands nowhere any more. */
struct instance *instance_free(struct instance *instance);

/* A copy for the store. */
struct instance_record *instance_record_new(const struct instance *instance);
