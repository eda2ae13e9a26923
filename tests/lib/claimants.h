/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process with clients that claim devices of the group e810-vf of fleet_rules: the other side of
 * the benchmark of claims. It does one errand at a time, and aborts if an answer is not what it
 * must be.
 */
#pragma once

#include <sys/types.h>

enum errand {
	ERRAND_FILL,	    /* claim `count` devices */
	ERRAND_TRIPS,	    /* claim and release, of the daemon and of the echo */
	ERRAND_RUSH,	    /* all lines claim at once */
	ERRAND_GATHER,	    /* as many lines */
	ERRAND_WAIT,	    /* they queue up behind each other */
	ERRAND_SERVICES,    /* what is held is released, the first line gets it and waits again */
	ERRAND_LEAVE,	    /* all lines are closed */
	ERRAND_PAIRS,	    /* claim and release */
	ERRAND_BOUND_PAIRS, /* the same with a process to live as long as */
};

/* What they are to do. */
struct errand_order {
	enum errand errand;
	unsigned count;
};

/* Microseconds that a client waited, medians. */
struct errand_report {
	double claim;
	double release;
	double echo_claim;
	double echo_release;
};

struct claimants {
	pid_t process;
	int orders;
	int reports; /* readable once an errand is done */
};

/*
 * Starts it, for the daemon's socket and that of an echo (echo.h), both of which must be listened
 * at. To be done before there is much memory, as with a crowd.
 */
void claimants_start(struct claimants *claimants, const char *path, const char *echo_path);
void claimants_end(struct claimants *claimants);

void claimants_order(struct claimants *claimants, enum errand errand, unsigned count);

/* Waits for the report. */
struct errand_report claimants_report(struct claimants *claimants);
