/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/memory.h"
#include "io/socket/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MOST 10

/* What one read brings, and what is cut after it: the messages, each ended by '|', and the outcome.
 */
static const struct {
	const char *what;
	const char *bytes;
	size_t length;
	const char *cut;
	int outcome;
} reads[] = {
	{"nothing", "", 0, "", FRAME_PARTIAL},
	{"a message", "abc", 4, "abc|", FRAME_PARTIAL},
	{"an empty one", "", 1, "|", FRAME_PARTIAL},
	{"a part", "de", 2, "", FRAME_PARTIAL},
	{"its end and two more", "f\0g\0h", 6, "def|g|h|", FRAME_PARTIAL},
	{"a whole one and a part", "ij\0kl", 5, "ij|", FRAME_PARTIAL},
	{"only the NUL", "", 1, "kl|", FRAME_PARTIAL},
	{"just what is allowed", "0123456789", 11, "0123456789|", FRAME_PARTIAL},
	{"the same in two reads", "01234567", 8, "", FRAME_PARTIAL},
	{"its end", "89", 3, "0123456789|", FRAME_PARTIAL},
	{"as much without its end", "0123456789", 10, "", FRAME_PARTIAL},
	{"one byte too many", "x", 1, "", FRAME_TOO_LARGE},
};

static int cut_all(struct frame *frame, struct buffer *ret_cut)
{
	const char *bytes;
	size_t length;
	int outcome;

	while ((outcome = frame_cut(frame, MOST, &bytes, &length)) == 0) {
		buffer_add(ret_cut, bytes, length);
		buffer_add_byte(ret_cut, '|');
	}
	return outcome;
}

static void test_reads(void **state)
{
	struct frame frame = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(reads); i++) {
		struct buffer cut = {0};
		size_t room;
		char *place = frame_room(&frame, MOST, &room);
		int outcome;

		if (reads[i].length > room)
			fail_msg("%s: room for %zu", reads[i].what, room);
		memcpy(place, reads[i].bytes, reads[i].length);
		frame_received(&frame, reads[i].length);
		outcome = cut_all(&frame, &cut);
		if (outcome != reads[i].outcome || strcmp(buffer_string(&cut), reads[i].cut) != 0)
			fail_msg("%s: %d %s", reads[i].what, outcome, buffer_string(&cut));
		buffer_done(&cut);
	}
	frame_done(&frame);
}

/* There is never room for more than one message. */
static void test_room(void **state)
{
	struct frame frame = {0};
	const char *bytes;
	size_t length;
	size_t room;

	(void)state;
	memcpy(frame_room(&frame, MOST, &room), "ab\0cdefghi", 10);
	assert_int_equal(room, MOST + 1);
	frame_received(&frame, 10);
	assert_int_equal(frame_cut(&frame, MOST, &bytes, &length), 0);
	assert_false(frame_is_empty(&frame));
	frame_room(&frame, MOST, &room);
	assert_int_equal(room, MOST + 1 - 7);
	frame_room(&frame, 5, &room);
	assert_int_equal(room, 0);
	assert_int_equal(frame_cut(&frame, 5, &bytes, &length), FRAME_TOO_LARGE);
	frame_done(&frame);
}

/* A whole message that came before the limit was lowered is too large too. */
static void test_lowered_limit(void **state)
{
	struct frame frame = {0};
	const char *bytes;
	size_t length;
	size_t room;

	(void)state;
	memcpy(frame_room(&frame, MOST, &room), "abcdefgh", 9);
	frame_received(&frame, 9);
	assert_int_equal(frame_cut(&frame, 7, &bytes, &length), FRAME_TOO_LARGE);
	frame_done(&frame);
}

/* An idle connection keeps no large buffer. */
static void test_gives_memory_back(void **state)
{
	struct frame frame = {0};
	const char *bytes;
	size_t length;
	size_t room;

	(void)state;
	for (size_t sent = 0; sent < 300000; sent += room) {
		char *place = frame_room(&frame, 1 << 20, &room);

		memset(place, 'x', room);
		frame_received(&frame, room);
	}
	*frame_room(&frame, 1 << 20, &room) = '\0';
	frame_received(&frame, 1);
	assert_int_equal(frame_cut(&frame, 1 << 20, &bytes, &length), 0);
	assert_int_equal(frame_cut(&frame, 1 << 20, &bytes, &length), FRAME_PARTIAL);
	assert_true(frame_is_empty(&frame));
	assert_int_equal(frame.input.capacity, 0);
	frame_done(&frame);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_lowered_limit),
		cmocka_unit_test(test_gives_memory_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
