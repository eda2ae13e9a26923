/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a message of the kernel, and as the strings that libudev would hand over: what an
 * event concerns are always places of devices, and never more than there is room for.
 */
#include "base/clock.h"
#include "devices/looking.h"
#include "io/udev/uevent.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check_places(const struct uevent *event)
{
	struct text_pool pool = {0};
	struct looking looks;
	struct uevent_places places;

	looking_init(&looks, &pool);
	uevent_find_places(event, &places);
	if (places.count > sizeof(places.ids) / sizeof(places.ids[0]))
		abort();
	for (size_t i = 0; i < places.count; i++) {
		const char *name;

		if (place_of_id(places.ids[i], &name) == KIND_COUNT)
			abort();
		looking_add(&looks, places.ids[i], CLOCK_NEVER);
	}
	uevent_is_of_device(event);
	uevent_is_farewell(event);
	looking_done(&looks);
	text_pool_done(&pool);
}

/* Strings of an event, each up to a NUL; a missing one is NULL, as with libudev. */
static void check_strings(const char *string, const char *end)
{
	struct uevent event = {0};
	const char **slots[] = {&event.action, &event.subsystem, &event.devtype, &event.devpath,
		&event.devpath_old};

	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]) && string < end; i++) {
		*slots[i] = string;
		string += strlen(string) + 1;
	}
	check_places(&event);
}

/* Exactly so many bytes: reading one more is an error that the sanitizer sees. */
static void check_message(const uint8_t *bytes, size_t length)
{
	char *message = malloc(length);
	struct uevent event;

	memcpy(message, bytes, length);
	if (uevent_parse(message, length, &event) == 0) {
		if (!event.action || !event.devpath || !event.subsystem)
			abort();
		check_places(&event);
	}
	free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *strings = malloc(length + 1);

	memcpy(strings, bytes, length);
	strings[length] = '\0';
	check_message(bytes, length);
	check_strings(strings, strings + length);
	free(strings);
	return 0;
}
