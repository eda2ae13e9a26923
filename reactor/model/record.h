/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records: what the store keeps of an instance and of an identity, and the batches in which they
 * are written. Plain bytes, every string a copy of its own, since the store's thread must not touch
 * counted texts.
 */
#pragma once

#include "base/vector.h"
#include "model/field.h"
#include "model/process.h"

#include <stdbool.h>
#include <stdint.h>

/* How long a grant, or a VM's use of a tenant's instance, lasts. */
enum life {
	LIFE_EXPLICIT,	 /* until it is released */
	LIFE_PROCESS,	 /* until the process ends */
	LIFE_CONNECTION, /* until the client closes its connection, or its process ends */
	LIFE_COUNT,
};

/* explicit, process, connection. */
const char *life_name(enum life life);

/* LIFE_COUNT if there is none of that name. */
enum life life_find(const char *name);

struct hold_record {
	enum life life;
	struct process process; /* of LIFE_PROCESS and LIFE_CONNECTION */
	char *token;		/* NULL: none */
	int64_t token_uid;	/* whose it is */
	int64_t count;		/* that the claim with the token asked for */
	int64_t bind_by; /* real time, microseconds: it ends then unless it was bound; 0: never */
};

/* An instance as a row. */
struct instance_record {
	int64_t number; /* of i-NUMBER */
	char *identity;
	char *device; /* id that it had last */
	char *group;
	enum kind kind; /* of the group */
	char *vm;	/* NULL: none */
	char *tenant;	/* NULL: none */
	int64_t uid;	/* of who claimed it */
	int64_t generation;
	int64_t since; /* real time, microseconds */
	struct hold_record grant;
	struct hold_record use; /* of `vm` where there is a tenant too */
};

struct instance_record *instance_record_free(struct instance_record *record);

/* What outlives the instances of an identity. */
struct identity_record {
	char *identity;
	int64_t generation; /* grants so far */
	char *owner;	    /* who had it last: vm:NAME or tenant:NAME */
};

/* The text of an owner: its tenant's, or if it has none its VM's. The caller frees it. */
char *record_owner(const char *vm, const char *tenant);

struct identity_record *identity_record_free(struct identity_record *record);

enum write_type {
	WRITE_PUT,	   /* the instance as it is from now on, new or known; with its identity */
	WRITE_DELETE,	   /* the instance is released; its identity stays known */
	WRITE_ACCEPT_LOSS, /* an administrator accepts that a damaged database was replaced */
};

struct write {
	enum write_type type;
	bool essential;			/* takes something back: is written on a full disk too */
	int64_t number;			/* of WRITE_DELETE */
	struct instance_record *record; /* of WRITE_PUT; owned */
};

enum batch_outcome {
	BATCH_COMMITTED,
	BATCH_ESSENTIAL, /* the disk is full: only the essential writes were committed */
	BATCH_FAILED,	 /* nothing was */
};

/* All decisions of a turn: one transaction. */
struct batch {
	struct vector writes;	    /* of struct write, owned, in the order of the decisions */
	enum batch_outcome outcome; /* the store's answer */
	int error;		    /* -errno behind an outcome other than BATCH_COMMITTED */
};

struct batch *batch_new(void);
struct batch *batch_free(struct batch *batch);

/* Appends a write of `type`, to be filled in. */
struct write *batch_add(struct batch *batch, enum write_type type);

/* Everything that the store had at the start. */
struct stored {
	struct vector instances;  /* of struct instance_record, by number */
	struct vector identities; /* of struct identity_record */
	int64_t next_number;	  /* of the next instance: no number is used twice */
	bool loss; /* the database was damaged, and nobody has accepted the loss yet */
};

void stored_done(struct stored *stored);
