/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A parcel: what goes out with one sendmsg, gathered from texts and events where they lie. */
#pragma once

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

struct parcel {
	struct iovec *vectors;
	size_t most; /* room in `vectors`; at least PARCEL_LEAST */
	size_t count;
	size_t length; /* in bytes */
	size_t enough; /* no more is gathered from this length on */
};

/* Vectors that one piece may need. */
#define PARCEL_LEAST 3

/* Whether another piece may be added. */
static inline bool parcel_has_room(const struct parcel *parcel)
{
	return parcel->count + PARCEL_LEAST <= parcel->most && parcel->length < parcel->enough;
}

static inline void parcel_add(struct parcel *parcel, void *bytes, size_t length)
{
	parcel->vectors[parcel->count++] = (struct iovec){.iov_base = bytes, .iov_len = length};
	parcel->length += length;
}

/* Adds `text` without its first *skip bytes, and takes off *skip what was skipped. */
static inline void parcel_add_text(struct parcel *parcel, struct text *text, size_t *skip)
{
	size_t skipped = *skip < text->length ? *skip : text->length;

	*skip -= skipped;
	if (skipped < text->length)
		parcel_add(parcel, text->bytes + skipped, text->length - skipped);
}
