/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What claims.h works on: part of struct core, private to core/ but for `instances`. */
#pragma once

#include "base/list.h"
#include "base/map.h"
#include "base/vector.h"
#include "model/instance.h"

struct request;

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

enum operation_type {
	OPERATION_GRANT,
	OPERATION_CHANGE,
	OPERATION_RELEASE,
	OPERATION_ACCEPT_LOSS,
};

/* A decision on its way to the disk and back. */
struct operation {
	enum operation_type type;
	bool essential;		 /* takes something back: see struct write */
	int64_t since;		 /* monotonic: when it was decided */
	struct request *request; /* that it answers; NULL: nobody's, or answered already */
	struct vector instances; /* of struct instance */
	struct vector terms;	 /* of struct instance_terms, one for each, of a change; owned */
};

struct claims {
	struct map identities;	 /* of struct identity, by key; kept from the first grant on */
	struct map owners;	 /* of struct owner, by name: see holding_set_owner */
	struct vector instances; /* of struct instance, by number; pending ones too */
	struct vector tied;	 /* of struct instance with a life that ends with a connection */
	struct vector touched;	 /* of struct instance, to be settled */
	struct vector over;	 /* of struct instance whose grant or use is over */
	struct vector moved;	 /* of struct instance whose row has an earlier id of its device */
	struct vector lost;	 /* of struct instance, missing since this turn */
	struct list_link queues; /* of struct queue */
	struct list_link parked; /* of struct request: until an operation is back */
	struct list_link answered; /* of struct request */
	struct vector deciding;	   /* of struct operation, for the next batch */
	struct vector writing;	   /* of struct operation of the batch that was taken */
	bool batch_taken;
	bool late; /* the disk has kept that batch for longer than somebody waits */
	int64_t next_number;
	size_t twins;	    /* devices that are one */
	bool lives_changed; /* the processes to be watched may be others */
	bool returned;	    /* an operation came back: parked requests may go on */
	bool twins_due;	    /* an identity lost its device or instance: look at its twins */
	bool loss;	    /* the database was lost: nothing is granted */
	bool starting;	    /* the first scan is not complete: see holding.c */
	int64_t patience;   /* microseconds that a request waits for the disk */
	int64_t deadline;   /* nothing is due before it */
	int64_t retry;	    /* not before it what could not be written is tried again */
};
