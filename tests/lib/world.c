/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/world.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

void world_init(struct world *world)
{
	*world = (struct world){0};
	devices_init(&world->devices, &world->pool, &world->counters);
	claims_init(&world->claims, &world->devices);
}

void world_done(struct world *world)
{
	claims_done(&world->claims);
	devices_done(&world->devices);
	text_pool_done(&world->pool);
}

struct ruleset *world_load(struct world *world, const char *rules)
{
	struct rule_text text = {
		.file = (char[]){"world.conf"},
		.bytes = memory_duplicate(rules),
		.length = strlen(rules),
	};
	struct vector texts = {0};
	struct load_options options = {.pool = &world->pool};
	struct rule_errors errors = {0};
	struct ruleset *ruleset = NULL;

	vector_add(&texts, &text);
	if (load_rules(&texts, &options, &errors, &ruleset) != 0)
		ruleset = NULL;
	for (size_t i = 0; i < errors.errors.count; i++) {
		const struct rule_error *error = errors.errors.items[i];

		printf("# %s:%u: %s; %s\n", error->file, error->line, error->message, error->hint);
	}
	rule_errors_done(&errors);
	vector_done(&texts);
	free(text.bytes);
	return ruleset;
}

void world_put_in_force(struct claims *claims, struct ruleset *ruleset, struct vector *ret_moves)
{
	struct device *device;

	devices_stage_rules(claims->devices, ruleset);
	while ((device = devices_stage_next(claims->devices)))
		devices_stage_device(claims->devices, device, NULL);
	devices_swap_rules(claims->devices, ret_moves);
	claims_follow_rules(claims);
}

void world_set_rules(struct world *world, const char *rules)
{
	struct ruleset *ruleset = world_load(world, rules);
	struct vector moves = {0};

	if (!ruleset)
		abort();
	world_put_in_force(&world->claims, ruleset, &moves);
	world->devices.rules_reloaded = false;
	move_list_done(&moves);
}

/* The field of that name of any kind that the facts have. */
static enum field find_field(const struct facts *facts, const char *name)
{
	enum field field = FIELD_COUNT;

	for (enum kind kind = 0; kind < KIND_COUNT && field == FIELD_COUNT; kind++)
		if (facts->kinds & KIND_MASK(kind))
			field = field_find(kind, name);
	return field;
}

static enum kind kind_of_id(const char *id)
{
	return strncmp(id, "usb:", 4) == 0    ? KIND_USB
	       : strncmp(id, "vgpu:", 5) == 0 ? KIND_VGPU
					      : KIND_PCI;
}

static void set_word(struct world *world, struct facts *facts, const char *key, const char *value)
{
	if (strcmp(key, "life") == 0)
		facts->life = strtoull(value, NULL, 10);
	else if (strcmp(key, "name") == 0 && facts->kinds == KIND_MASK(KIND_USB))
		text_replace(&facts->name, text_intern_string(&world->pool, value));
	else if (strcmp(key, "parent") == 0)
		facts->parent = text_intern_string(&world->pool, value);
	else if (strcmp(key, "kind") == 0)
		facts->kinds |= KIND_MASK(kind_find(value));
	else if (strcmp(key, "offers") == 0)
		facts->offers_vgpus = strcmp(value, "vgpus") == 0;
	else if (strncmp(key, "udev.", 5) == 0)
		facts_add_property(facts, &world->pool, key + 5, value);
	else if (find_field(facts, key) < FIELD_COUNT)
		facts_set(facts, &world->pool, find_field(facts, key), value);
	else
		abort(); /* a test names a field that is none */
}

struct facts *world_facts(struct world *world, const char *words)
{
	char *copy = memory_duplicate(words);
	char *rest = copy;
	char *id = strsep(&rest, " ");
	struct facts *facts =
		facts_new(text_intern_string(&world->pool, id), KIND_MASK(kind_of_id(id)));

	facts->life = 1;
	facts->name = text_intern_string(&world->pool, id);
	while (rest) {
		char *value = strsep(&rest, " ");
		char *key = strsep(&value, "=");

		if (!value)
			continue;
		for (char *blank = value; (blank = strchr(blank, '_')); blank++)
			*blank = ' ';
		set_word(world, facts, key, value);
	}
	free(copy);
	return facts;
}

void world_see_all(struct world *world, const char *words)
{
	struct vector found = {0};
	char *copy = memory_duplicate(words);

	for (char *rest = copy; rest;) {
		char *end = strstr(rest, " | ");

		if (end)
			*end = '\0';
		vector_add(&found, world_facts(world, rest));
		rest = end ? end + 3 : NULL;
	}
	free(copy);
	devices_see_all(&world->devices, &found);
}
