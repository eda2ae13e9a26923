/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of claims/ work on. Each list and map is kept by the file of its noun; what is in
 * no file's charge (loss, starting, patience) is set by claims.c and the edge.
 */
#pragma once

#include "base/map.h"
#include "claims/request.h"
#include "devices/devices.h"

struct claims {
	struct devices *devices;     /* that are claimed */
	const struct rights *rights; /* of who may claim; the edge's */
	struct map identities;	     /* of struct identity, by key; kept from the first grant on */
	struct map owners;	     /* of struct owner, by name */
	struct vector instances;     /* of struct instance, by number; decided ones too */
	struct vector touched;	     /* of struct instance, to be settled */
	struct list_link tied;	 /* of struct instance with a life that ends with a connection */
	struct list_link over;	 /* of struct instance whose grant or use is over */
	struct list_link moved;	 /* of struct instance whose row has an earlier id of its device */
	struct list_link lost;	 /* of struct instance, missing since this turn */
	struct list_link queues; /* of struct queue */
	struct list_link parked; /* of struct request: until an operation is back */
	struct list_link answered; /* of struct request */
	struct vector deciding;	   /* of struct operation, for the next batch */
	struct vector writing;	   /* of struct operation of the batch that was taken */
	bool batch_taken;
	bool late; /* the disk has kept that batch for longer than somebody waits */
	int64_t next_number;
	uint64_t requests;  /* that came so far */
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

/* Something is due at `when`, monotonic. */
static inline void claims_due(struct claims *claims, int64_t when)
{
	if (when < claims->deadline)
		claims->deadline = when;
}
