/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walks sysfs and prints what the probe made of each device, a line `ID TAB NAME TAB VALUE` for
 * each value, for `run` to compare with what lspci and lsusb say of the same mock.
 */
#include "base/clock.h"
#include "io/probe/probe.h"

#include <stdio.h>

static void print(const struct facts *facts, const char *name, const struct text *value)
{
	if (value)
		printf("%s\t%s\t%s\n", facts->id->bytes, name, value->bytes);
}

static void print_facts(const struct facts *facts)
{
	print(facts, "NAME", facts->name);
	for (enum kind kind = 0; kind < KIND_COUNT; kind++)
		if (facts->kinds & KIND_MASK(kind))
			printf("%s\tKIND %s\tyes\n", facts->id->bytes, kind_name(kind));
	print(facts, "PARENT", facts->parent);
	print(facts, "BOUND", facts->bound);
	for (enum field field = 0; field < FIELD_COUNT; field++)
		print(facts, field_describe(field)->name, facts_value(facts, field));
}

int main(void)
{
	struct text_pool pool = {0};
	struct probe *probe = probe_new(&pool);
	struct looking looks;
	struct look *look;
	int failures = 0;

	looking_init(&looks, &pool);
	failures += probe_walk(&looks) != 0;
	while ((look = looking_take(&looks))) {
		struct vector found = {0};
		int result = probe_look(probe, look->id, NULL, &found);

		for (size_t i = 0; i < found.count; i++)
			print_facts(found.items[i]);
		facts_list_done(&found);
		if (result != 0) {
			fprintf(stderr, "%s: %d\n", look->id->bytes, result);
			failures++;
		}
		look_free(look);
	}
	looking_done(&looks);
	probe_free(probe);
	text_pool_done(&pool);
	return failures ? 1 : 0;
}
