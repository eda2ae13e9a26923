/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instances there are, by number, and which of them are to be settled. */
#pragma once

#include "claims/state.h"

/* The instance of this number, decided ones too; NULL: there is none. */
struct instance *roster_find(const struct claims *claims, int64_t number);

/* Takes the instance over. */
void roster_add(struct claims *claims, struct instance *instance);

/* Takes the instance out and frees it. */
void roster_drop(struct claims *claims, struct instance *instance);

/* The next settling looks at the instance. */
void roster_touch(struct claims *claims, struct instance *instance);
void roster_touch_all(struct claims *claims);

/* Its device came back under another id, which its row has to say from now on. */
void roster_note_moved(struct claims *claims, struct instance *instance);

/* How many instances there are that somebody knows of. */
size_t roster_count(const struct claims *claims);
