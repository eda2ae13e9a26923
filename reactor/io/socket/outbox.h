/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replies on their way out: a row of counted texts and how far they were sent. A list is the texts
 * of its devices by reference, so it shows one seq however slowly it is read, and costs a pointer
 * a device.
 */
#pragma once

#include "base/text.h"
#include "base/vector.h"
#include "io/socket/parcel.h"

/* Zero-initialised is empty. */
struct outbox {
	struct vector texts; /* of struct text, owned from `sent` on */
	size_t sent;	     /* texts that were sent whole */
	size_t offset;	     /* bytes sent of the next one */
};

/* Appends a text, whose reference is taken over. */
void outbox_add(struct outbox *outbox, struct text *text);

/* Adds what is next to `parcel`. */
void outbox_gather(const struct outbox *outbox, struct parcel *parcel);

/* Gives up the first `length` bytes, which were gathered and sent. */
void outbox_advance(struct outbox *outbox, size_t length);

void outbox_done(struct outbox *outbox);
