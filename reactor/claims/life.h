/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Marks of what ends by itself. The end of a life is a mark on the hold that it is of, and looked
 * for in terms on their way too: new terms are not undone by the end of the old ones, nor do they
 * begin with a life that is over. What follows from the marks, ending.c decides.
 */
#pragma once

#include "claims/state.h"

/* The grant of it, or the use, is over: it is released, or unassigned, whatever else it is. */
void life_end_grant(struct claims *claims, struct instance *instance);
void life_end_use(struct claims *claims, struct instance *instance);

/* One of its lives is over. */
void life_note_over(struct claims *claims, struct instance *instance);

/* It has terms, decided ones too, that the end of a connection may be the end of. */
void life_note_tied(struct claims *claims, struct instance *instance);

/* Its terms begin or cease to be in force: other processes may have to be watched. */
void life_note_processes(struct claims *claims, const struct instance *instance);

/* When the instance is released without anybody asking for it; CLOCK_NEVER. */
int64_t life_deadline(const struct claims *claims, const struct instance *instance);

/*
 * The wait for its device runs since `since`, or does not (CLOCK_NEVER): the device is present, or
 * nobody can know yet. Nothing else says that a grant may end for want of a device.
 */
void life_await_device(struct claims *claims, struct instance *instance, int64_t since);

/* Ends what ends at `now`, and notes when the rest does. */
void life_expire(struct claims *claims, struct instance *instance, int64_t now);

/*
 * The processes whose end matters, as an array that the caller frees; true if they may differ from
 * those of the last time.
 */
bool life_processes(struct claims *claims, struct process **ret_processes, size_t *ret_count);
