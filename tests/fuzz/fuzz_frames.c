/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes as a client sends them, cut into reads as the first bytes of the input say: framing,
 * reading of calls, and the check of their parameters. Cutting must not depend on the reads.
 *
 * make CC=clang SANITIZE=-fsanitize=address,undefined,fuzzer-no-link BUILD=build-fuzz \
 *     build-fuzz/libreactor.a build-fuzz/object/tests/fuzz/fuzz_frames.o
 * clang -fsanitize=address,undefined,fuzzer -o build-fuzz/fuzz_frames \
 *     build-fuzz/object/tests/fuzz/fuzz_frames.o build-fuzz/libreactor.a $(pkg-config --libs ...)
 */
#include "io/socket/call.h"
#include "io/socket/frame.h"
#include "io/socket/method.h"

#include <string.h>

#define MOST 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_parameters(const struct call *call, const struct parameter *table)
{
	int64_t number;

	for (; table && table->name; table++) {
		call_string(call, table->name);
		call_flag(call, table->name);
		call_integer(call, table->name, &number);
		for (size_t i = 0; call_string_at(call, table->name, i); i++)
			;
	}
}

/* One that is malformed ends nothing here, so that what follows it is cut too. */
static void take_message(const char *bytes, size_t length)
{
	static const struct parameter none[] = {{.name = NULL}};
	struct buffer message = {0};
	struct call call = {0};
	const char *wrong;

	if (memchr(bytes, '\0', length))
		abort();
	if (call_parse(&call, bytes, length) != 0) {
		if (call.message)
			abort();
		return;
	}
	if (method_find(call.name, &call.method) == 0) {
		const struct parameter *table = call.method->parameters;

		if (parameter_check(table ? table : none, call.parameters, &message, &wrong) == 0)
			read_parameters(&call, table);
		else if (message.length == 0 || !wrong)
			abort();
	}
	buffer_done(&message);
	call_done(&call);
}

/* Feeds all of `data` in reads of at most `step` bytes; the sum of the lengths that were cut. */
static size_t feed(const uint8_t *data, size_t size, size_t step)
{
	struct frame frame = {0};
	int outcome = FRAME_PARTIAL;
	size_t sum = 0;

	for (size_t at = 0; at < size && outcome == FRAME_PARTIAL;) {
		const char *bytes;
		size_t length;
		size_t room;
		char *place = frame_room(&frame, MOST, &room);

		if (room == 0)
			abort();
		room = room < step ? room : step;
		room = room < size - at ? room : size - at;
		memcpy(place, data + at, room);
		at += room;
		frame_received(&frame, room);
		while ((outcome = frame_cut(&frame, MOST, &bytes, &length)) == 0) {
			sum += length + 1;
			take_message(bytes, length);
		}
	}
	frame_done(&frame);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t step;

	if (size < 1)
		return 0;
	step = (size_t)data[0] + 1;
	if (feed(data + 1, size - 1, step) != feed(data + 1, size - 1, SIZE_MAX))
		abort();
	return 0;
}
