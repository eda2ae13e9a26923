/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claims/describe_group.h"

#include "base/memory.h"
#include "base/writer.h"

#include <stdlib.h>
#include <string.h>

/* What a group's devices and rules add up to. */
struct tally {
	const struct resource_group *group;
	int64_t states[STATE_COUNT];
	int64_t devices;
	int64_t missing;
	int64_t rules;
};

static int compare_name(const void *name, const void *tally)
{
	return strcmp(name, ((const struct tally *)tally)->group->name->bytes);
}

static struct tally *find_tally(struct tally *tallies, size_t count, const struct text *name)
{
	return bsearch(name->bytes, tallies, count, sizeof(*tallies), compare_name);
}

static struct tally *tally_groups(const struct claims *claims)
{
	const struct vector *groups = &claims->devices->ruleset->groups;
	const struct vector *rules = &claims->devices->ruleset->rules;
	struct tally *tallies = memory_allocate(groups->count * sizeof(*tallies));

	for (size_t i = 0; i < groups->count; i++)
		tallies[i].group = groups->items[i];
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = rules->items[i];

		find_tally(tallies, groups->count, rule->group->name)->rules++;
	}
	for (size_t i = 0; i < claims->devices->inventory.devices.count; i++) {
		const struct device *device = claims->devices->inventory.devices.items[i];
		struct tally *tally;

		if (!device->now.group)
			continue;
		tally = find_tally(tallies, groups->count, device->now.group);
		tally->devices++;
		tally->states[device->now.state]++;
	}
	for (size_t i = 0; i < claims->instances.count; i++) {
		const struct instance *instance = claims->instances.items[i];

		if (instance->json && instance_state(instance) == INSTANCE_MISSING)
			find_tally(tallies, groups->count, instance->group)->missing++;
	}
	return tallies;
}

static void write_owners(struct writer *json, const struct vector *owners)
{
	writer_key(json, "owners");
	writer_open(json, '[');
	for (size_t i = 0; i < owners->count; i++) {
		const struct group_owner *owner = owners->items[i];

		writer_open(json, '{');
		writer_key_text(json, "owner", owner->pattern);
		if (owner->most >= 0)
			writer_key_number(json, "most", owner->most);
		writer_close(json, '}');
	}
	writer_close(json, ']');
}

static struct text *describe_group(const struct tally *tally)
{
	const struct resource_group *group = tally->group;
	struct writer json = {0};

	writer_open(&json, '{');
	writer_key_text(&json, "name", group->name);
	writer_key_string(&json, "kind", kind_name(group->kind));
	writer_key_text(&json, "description", group->description);
	writer_key_text(&json, "driver", group->driver);
	write_owners(&json, &group->owners);
	writer_key_number(&json, "devices", tally->devices);
	writer_key_number(&json, "available", tally->states[STATE_AVAILABLE]);
	writer_key_number(&json, "claimed", tally->states[STATE_CLAIMED]);
	writer_key_number(&json, "preparing", tally->states[STATE_PREPARING]);
	writer_key_number(&json, "blocked", tally->states[STATE_BLOCKED]);
	writer_key_number(&json, "failed", tally->states[STATE_FAILED]);
	writer_key_number(&json, "missing", tally->missing);
	writer_key_number(&json, "rules", tally->rules);
	writer_close(&json, '}');
	return writer_take(&json);
}

void describe_groups(const struct claims *claims, struct vector *ret_texts)
{
	struct tally *tallies = tally_groups(claims);

	for (size_t i = 0; i < claims->devices->ruleset->groups.count; i++) {
		const struct tally *tally = &tallies[i];

		if (!tally->group->kept || tally->devices + tally->missing > 0)
			vector_add(ret_texts, describe_group(tally));
	}
	free(tallies);
}
