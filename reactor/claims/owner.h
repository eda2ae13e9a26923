/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who had which identities last; an owner is known as long as there is one. */
#pragma once

#include "claims/state.h"

/* vm:NAME or tenant:NAME, interned; the caller owns a reference. */
struct text *owner_name(struct claims *claims, const struct text *vm, const struct text *tenant);

/* The owner of this name if it had any identity last, or NULL. */
const struct owner *owner_find(const struct claims *claims, const struct text *name);

/* `name` (taken over) has the identity, or had it last. */
void owner_set(struct claims *claims, struct identity *identity, struct text *name);

/* Nobody had the identity last. */
void owner_leave(struct claims *claims, struct identity *identity);
