/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One who hears every event and keeps a list of devices and one of instances by them alone. What
 * cannot follow from what it knows already fails the test.
 */
#pragma once

#include "claims/state.h"

struct subscriber {
	struct vector devices;	 /* of struct known */
	struct vector instances; /* of struct known */
};

void subscriber_done(struct subscriber *subscriber);
void subscriber_apply(struct subscriber *subscriber, const struct change *change);

/* Fails unless its lists are those of devices and claims: with the turn settled. */
void subscriber_compare(const struct subscriber *subscriber, const struct claims *claims);

/* The value of a string member of flat JSON as an interned text that the caller owns, or NULL. */
struct text *subscriber_member(struct text_pool *pool, const struct text *json, const char *key);
