/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process with many clients, which take what they get and count its messages: the other side of
 * a benchmark, whose CPU time is nobody's concern. It waits for an order, and reports once all its
 * clients have got what the order says.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct crowd {
	pid_t process;
	int orders;
	int reports; /* readable once an order is carried out */
};

struct crowd_order {
	unsigned clients;  /* to connect, in the place of those there are; 0: none */
	uint64_t messages; /* that each client gets */
	char call[200];	   /* what each client sends before, with its NUL; empty: nothing */
};

/* Microseconds from the order on. */
struct crowd_report {
	int64_t first; /* until the last client had its first byte */
	int64_t last;  /* until all had everything */
};

/*
 * Starts it, for the socket at `path`. To be done before there is much memory: what is written to
 * after a fork is copied first, which would count as the server's work. Aborts if it cannot.
 */
void crowd_start(struct crowd *crowd, const char *path);

/* Ends it and waits for its end. */
void crowd_end(struct crowd *crowd);

/* Orders so many new clients, to be reported when all are connected. */
void crowd_gather(struct crowd *crowd, unsigned clients);

/* Orders that they call, unless it is "", and get so many messages each. */
void crowd_order(struct crowd *crowd, uint64_t messages, const char *call);

/* Waits for the report. */
struct crowd_report crowd_report(struct crowd *crowd);
