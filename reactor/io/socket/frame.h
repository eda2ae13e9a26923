/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Framing: bytes in, messages out. A message ends with a NUL byte; reads may bring a part of one
 * or several. Only bytes that are new are searched, so a message that trickles in byte by byte
 * costs no more than one that comes at once.
 */
#pragma once

#include "base/buffer.h"

#include <stdbool.h>

/* What was received and not cut off yet. Zero-initialised is empty. */
struct frame {
	struct buffer input;
	size_t begin;	 /* of the first message that was not cut off yet */
	size_t searched; /* no NUL lies between `begin` and here */
};

enum {
	FRAME_PARTIAL = 1, /* no whole message is there */
	FRAME_TOO_LARGE,   /* what is there is larger than `most` */
};

void frame_done(struct frame *frame);

/*
 * Where the next bytes are to be received, and how many: never more than make one message of
 * `most` bytes whole. 0 if there is more than that already. Invalidates what was cut.
 */
char *frame_room(struct frame *frame, size_t most, size_t *ret_room);

/* Notes that `length` bytes were received there. */
void frame_received(struct frame *frame, size_t length);

/*
 * Cuts the next message off: its bytes without the NUL, borrowed until the next frame_cut or
 * frame_room. 0, FRAME_PARTIAL or FRAME_TOO_LARGE.
 */
int frame_cut(struct frame *frame, size_t most, const char **ret_bytes, size_t *ret_length);

/* Whether no part of a message waits for its end. */
bool frame_is_empty(const struct frame *frame);
