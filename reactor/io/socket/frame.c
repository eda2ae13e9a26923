/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages are cut where they lie. What was cut is given up as a whole when more is received, not
 * message by message: moving the rest down each time would make many small pipelined calls
 * quadratic.
 */
#include "io/socket/frame.h"

#include <string.h>

/* An idle connection holds no more than the first. */
#define SMALL_READ (4u * 1024)
#define LARGE_READ (64u * 1024)

void frame_done(struct frame *frame)
{
	buffer_done(&frame->input);
	*frame = (struct frame){0};
}

static void give_up_what_was_cut(struct frame *frame)
{
	if (frame->begin == 0)
		return;
	buffer_drop(&frame->input, frame->begin);
	frame->searched -= frame->begin;
	frame->begin = 0;
	if (frame->input.length == 0 && frame->input.capacity > SMALL_READ)
		buffer_done(&frame->input);
}

char *frame_room(struct frame *frame, size_t most, size_t *ret_room)
{
	size_t room;

	give_up_what_was_cut(frame);
	room = frame->input.length < SMALL_READ ? SMALL_READ : LARGE_READ;
	if (frame->input.length > most)
		room = 0;
	else if (room > most + 1 - frame->input.length)
		room = most + 1 - frame->input.length;
	*ret_room = room;
	return buffer_reserve(&frame->input, room);
}

void frame_received(struct frame *frame, size_t length)
{
	frame->input.length += length;
}

int frame_cut(struct frame *frame, size_t most, const char **ret_bytes, size_t *ret_length)
{
	const char *bytes = frame->input.bytes;
	const char *end = NULL;

	if (frame->searched < frame->input.length)
		end = memchr(bytes + frame->searched, '\0', frame->input.length - frame->searched);
	if (!end) {
		frame->searched = frame->input.length;
		if (frame_is_empty(frame))
			give_up_what_was_cut(frame);
		return frame->input.length - frame->begin > most ? FRAME_TOO_LARGE : FRAME_PARTIAL;
	}
	if ((size_t)(end - bytes) - frame->begin > most)
		return FRAME_TOO_LARGE;
	*ret_bytes = bytes + frame->begin;
	*ret_length = (size_t)(end - bytes) - frame->begin;
	frame->begin = frame->searched = (size_t)(end - bytes) + 1;
	return 0;
}

bool frame_is_empty(const struct frame *frame)
{
	return frame->begin == frame->input.length;
}
