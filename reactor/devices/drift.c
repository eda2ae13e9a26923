/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/drift.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>

struct difference {
	char *line;	/* what is told, and the key */
	unsigned round; /* in which it was found last */
	bool told;
};

struct comparison {
	struct drift *drift;
	struct looking *looks;
	struct vector *told;
	bool looking;
};

static struct difference *difference_free(struct difference *difference)
{
	free(difference->line);
	free(difference);
	return NULL;
}

void drift_done(struct drift *drift)
{
	struct difference *difference;
	size_t cursor = 0;

	while ((difference = map_next(&drift->differences, &cursor)))
		difference_free(difference);
	map_done(&drift->differences);
}

void opinions_done(struct vector *opinions)
{
	for (size_t i = 0; i < opinions->count; i++)
		free(opinions->items[i]);
	vector_done(opinions);
}

static void ask(struct comparison *comparison, const char *line, const char *id)
{
	struct drift *drift = comparison->drift;
	struct difference *difference = memory_allocate(sizeof(*difference));

	difference->line = memory_duplicate(line);
	difference->round = drift->round;
	map_add(&drift->differences, difference->line, strlen(line), difference);
	if (id[0] != '\0')
		looking_add(comparison->looks, id, CLOCK_NEVER);
	comparison->looking = true;
}

static void differs(
	struct comparison *comparison, const char *form, const char *id, const char *verdict)
{
	struct drift *drift = comparison->drift;
	struct buffer line = {0};
	struct difference *difference;

	buffer_format(&line, "%s %s%s%s", form, id, id[0] != '\0' ? " " : "", verdict);
	difference = map_find(&drift->differences, line.bytes, line.length);
	if (!difference) {
		ask(comparison, buffer_string(&line), id);
	} else if (difference->round != drift->round) {
		difference->round = drift->round;
		if (!difference->told)
			vector_add(comparison->told, memory_duplicate(difference->line));
		difference->told = true;
	}
	buffer_done(&line);
}

/* What was not found this time is over; told again if it comes back. */
static void forget_old(struct drift *drift)
{
	struct vector old = {0};
	struct difference *difference;
	size_t cursor = 0;

	while ((difference = map_next(&drift->differences, &cursor)))
		if (difference->round != drift->round)
			vector_add(&old, difference);
	for (size_t i = 0; i < old.count; i++) {
		difference = old.items[i];
		map_take(&drift->differences, difference->line, strlen(difference->line));
		difference_free(difference);
	}
	vector_done(&old);
}

static bool make_form(const struct device *device, char ret_form[static OPINION_FORM_SIZE])
{
	const struct facts *facts = device->now.facts;

	if (!facts || !(facts->kinds & KIND_MASK(KIND_USB)))
		return false;
	snprintf(ret_form, OPINION_FORM_SIZE, "%.4s:%.4s at bus %.10s device %.10s",
		facts_value(facts, FIELD_VENDOR_ID)->bytes,
		facts_value(facts, FIELD_MODEL_ID)->bytes, facts_value(facts, FIELD_BUS)->bytes,
		facts_value(facts, FIELD_DEVICE_NUMBER)->bytes);
	return true;
}

/* Two of one form are one: the kernel gives a number on a bus once. */
static void index_opinions(const struct vector *opinions, struct map *ret_theirs)
{
	for (size_t i = 0; i < opinions->count; i++) {
		struct opinion *opinion = opinions->items[i];
		size_t length = strlen(opinion->form);

		if (!map_find(ret_theirs, opinion->form, length))
			map_add(ret_theirs, opinion->form, length, opinion);
	}
}

bool drift_compare(struct drift *drift, const struct inventory *inventory,
	const struct vector *opinions, struct looking *looks, struct vector *ret_told)
{
	struct comparison comparison = {drift, looks, ret_told, false};
	struct map theirs = {0};
	const struct opinion *opinion;
	size_t cursor = 0;

	drift->round++;
	index_opinions(opinions, &theirs);
	for (size_t i = 0; i < inventory->devices.count; i++) {
		const struct device *device = inventory->devices.items[i];
		char form[OPINION_FORM_SIZE];

		if (make_form(device, form) && !map_take(&theirs, form, strlen(form)))
			differs(&comparison, form, device->id->bytes, "is in sysfs only");
	}
	while ((opinion = map_next(&theirs, &cursor)))
		differs(&comparison, opinion->form, opinion->id, "is in libusb's list only");
	map_done(&theirs);
	forget_old(drift);
	return comparison.looking;
}
