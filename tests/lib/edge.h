/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands around devices and claims, for scripts: clients, processes, a clock, a disk, and the
 * crash that leaves nothing but the rows and the devices that are present.
 */
#pragma once

#include "claims/answer.h"
#include "claims/claims.h"
#include "claims/ending.h"
#include "claims/kept_group.h"
#include "claims/operation.h"
#include "lib/ledger.h"
#include "lib/world.h"

struct edge {
	struct world world;
	struct ledger ledger;
	struct rights rights;
	struct vector seen;	/* of char *: words of each look, the last of each device */
	struct vector requests; /* of struct edge_request, owned */
	struct batch *batch;	/* being written; NULL: none */
	char *rules;		/* of the next start; those in force */
	int64_t now;
	int64_t real; /* at the clock's beginning */
};

/* Who asked what, for as long as the answer is waited for. */
struct edge_request {
	char name[32]; /* claim#1 */
	struct peer peer;
};

void edge_init(struct edge *edge);
void edge_done(struct edge *edge);

void edge_load_rules(struct edge *edge, const char *rules);

/* Rules that are only found by the next start. */
void edge_change_files(struct edge *edge, const char *rules);

void edge_see(struct edge *edge, const char *words);
void edge_lose(struct edge *edge, const char *id);

/* claim, assign, ... with its words; false: no such request or word. */
bool edge_request(struct edge *edge, const char *words);

/* The user may claim from the group; groups come in the order of their names. */
void edge_allow(struct edge *edge, const char *group, uid_t uid);

void edge_end(struct edge *edge, int64_t pid);

/* One turn: what is due, the batch if none is being written, the difference. */
void edge_turn(struct edge *edge, struct delta *ret_delta);

/* The disk is back. */
void edge_commit(struct edge *edge, enum batch_outcome outcome);

/* All but the disk is lost; a batch on its way was written, or was not. */
void edge_crash(struct edge *edge, bool written);
