/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rule evaluation: 1,000 devices against 10 to 1,000 rules of which the last one holds, beside the
 * same devices against a single rule, in the same run. One JSON object per line.
 */
#include "base/clock.h"
#include "base/memory.h"
#include "core/membership.h"
#include "lib/world.h"

#include <stdio.h>

#define DEVICES 1000
#define ROUNDS	20

static struct ruleset *make_rules(struct world *world, unsigned count)
{
	struct buffer text = {0};
	struct ruleset *ruleset;

	buffer_add_string(&text, "groups=({name=\"g\";kind=\"pci\";});\nrules=(\n");
	for (unsigned i = 1; i < count; i++)
		buffer_format(&text,
			"{name=\"r%u\";group=\"g\";match=((\"vendor_device\",\"eq\",\"10de:%04x\"),"
			"(\"numa_node\",\"<\",1));},\n",
			i, i);
	buffer_add_string(
		&text, "{name=\"last\";group=\"g\";match=((\"slot\",\"ct\",\":\"));});\n");
	ruleset = world_load(world, buffer_string(&text));
	buffer_done(&text);
	return ruleset;
}

static int64_t measure(struct ruleset *ruleset, struct facts **devices)
{
	int64_t best = CLOCK_NEVER;

	for (unsigned round = 0; round < ROUNDS; round++) {
		int64_t start = clock_monotonic();
		int64_t took;

		for (unsigned i = 0; i < DEVICES; i++)
			if (membership_decide(ruleset, devices[i]).rule_number == 0)
				abort();
		took = clock_monotonic() - start;
		if (took < best)
			best = took;
	}
	return best * 1000 / DEVICES;
}

int main(void)
{
	struct world world;
	struct facts *devices[DEVICES];
	int64_t single = 1;

	world_init(&world);
	for (unsigned i = 0; i < DEVICES; i++) {
		char words[160];

		snprintf(words, sizeof(words),
			"pci:0000:%02x:%02x.%u slot=0000:%02x:%02x.%u vendor_device=8086:%04x "
			"numa_node=%u",
			i >> 8, (i >> 3) & 31, i & 7, i >> 8, (i >> 3) & 31, i & 7, i, i & 1);
		devices[i] = world_facts(&world, words);
	}
	for (unsigned count = 1; count <= 1000; count *= 10) {
		struct ruleset *ruleset = make_rules(&world, count);
		int64_t took = measure(ruleset, devices);

		if (count == 1)
			single = took > 0 ? took : 1;
		printf("{\"bench\":\"evaluate\",\"devices\":%d,\"rules\":%u,\"ns_per_device\":%lld,"
		       "\"ratio_to_one_rule\":%.1f}\n",
			DEVICES, count, (long long)took, (double)took / (double)single);
		ruleset_free(ruleset);
	}
	for (unsigned i = 0; i < DEVICES; i++)
		facts_unref(devices[i]);
	world_done(&world);
	return 0;
}
