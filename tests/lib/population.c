/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/population.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

#define PF	   4
#define VFS	   5 /* the first of two */
#define BOARD	   7 /* PF of the function that carries vGPUs */
#define CARRIER	   8
#define HUBS	   9
#define PORTS	   11
#define PORT_COUNT 6
#define NOTHING	   (-1)

const char *const population_ids[POPULATION_PLACES] = {"pci:0000:01:00.0", "pci:0000:01:00.1",
	"pci:0000:02:00.0", "pci:0000:02:00.1", "pci:0000:03:00.0", "pci:0000:03:10.0",
	"pci:0000:03:10.1", "pci:0000:41:00.0", "pci:0000:41:00.4", "usb:usb1", "usb:usb2",
	"usb:1-1", "usb:1-2", "usb:1-3", "usb:2-1", "usb:2-2", "usb:2-3"};

const char *const population_groups[POPULATION_GROUPS] = {"n", "p", "q", "u", "v", "w"};

/* Two are alike with a serial, one has its own, three have none and two of them are alike. */
static const char *const sticks[] = {"vendor_id=046d model_id=c52b serial=S1",
	"vendor_id=046d model_id=c52b serial=S1", "vendor_id=046d model_id=c52b serial=S2",
	"vendor_id=1050 model_id=0407", "vendor_id=1050 model_id=0407",
	"vendor_id=0951 model_id=1666"};

unsigned chance_below(struct chance *chance, unsigned limit)
{
	chance->state ^= chance->state << 13;
	chance->state ^= chance->state >> 7;
	chance->state ^= chance->state << 17;
	return (unsigned)((chance->state >> 11) % limit);
}

bool chance_in(struct chance *chance, unsigned limit)
{
	return chance_below(chance, limit) == 0;
}

void population_init(struct population *fleet, struct chance *chance)
{
	*fleet = (struct population){.chance = chance};
	for (size_t i = 0; i < POPULATION_PLACES; i++)
		fleet->thing[i] = NOTHING;
}

void population_done(struct population *fleet)
{
	for (size_t i = 0; i < POPULATION_PLACES; i++)
		free(fleet->words[i]);
	free(fleet->rules);
}

static const char *any(struct population *fleet, const char *const *of, unsigned count)
{
	return of[chance_below(fleet->chance, count)];
}

static void add_pci(struct population *fleet, unsigned place, struct buffer *words)
{
	buffer_format(words, " slot=%s driver=%s", population_ids[place] + 4,
		any(fleet, (const char *const[]){"", "igb", "nvme"}, 3));
	if (place < PF)
		buffer_format(
			words, " vendor_device=8086:10c9 function=plain numa_node=%u", place % 2);
	else if (place == PF)
		buffer_add_string(words, " vendor_device=8086:1572 function=physical");
	else if (place < BOARD)
		buffer_format(words,
			" kind=sriov-nic vendor_device=8086:154c function=virtual vf_index=%u"
			" physical_function=0000:03:00.0 parent=pci:0000:03:00.0",
			place - VFS);
	else if (place == BOARD)
		buffer_add_string(words, " vendor_device=10de:2235 function=physical");
	else
		buffer_add_string(words,
			" vendor_device=10de:2236 function=virtual vf_index=0 offers=vgpus"
			" physical_function=0000:41:00.0 parent=pci:0000:41:00.0");
}

static void add_candidates(struct population *fleet, struct buffer *words, uint64_t life)
{
	static const char *const types[] = {"47", "230.1", "230.2"};

	for (size_t i = 0; i < ARRAY_LENGTH(types); i++)
		if (!chance_in(fleet->chance, 4))
			buffer_format(words,
				" | vgpu:0000:41:00.4/%s type_id=%.*s life=%llu"
				" parent=pci:0000:41:00.4",
				types[i], (int)strcspn(types[i], "."), types[i],
				(unsigned long long)life);
}

static void add_usb(struct population *fleet, unsigned place, struct buffer *words, uint64_t life)
{
	buffer_format(words, " path=%s bus=%c", population_ids[place] + 4,
		population_ids[place][place < PORTS ? 7 : 4]);
	if (place < PORTS)
		buffer_format(words, " vendor_id=1d6b model_id=0002 parent=pci:0000:00:14.%u",
			place - HUBS);
	else
		buffer_format(words, " device=%llu speed=%s %s", (unsigned long long)life % 100,
			any(fleet, (const char *const[]){"480", "5000"}, 2),
			sticks[fleet->thing[place]]);
}

static void see(struct population *fleet, struct world *world, unsigned place, uint64_t life)
{
	struct buffer words = {0};

	buffer_format(&words, "%s life=%llu", population_ids[place], (unsigned long long)life);
	if (place < HUBS)
		add_pci(fleet, place, &words);
	else
		add_usb(fleet, place, &words, life);
	if (place == CARRIER)
		add_candidates(fleet, &words, life);
	free(fleet->words[place]);
	fleet->words[place] = memory_duplicate(buffer_string(&words));
	buffer_done(&words);
	world_see_all(world, fleet->words[place]);
}

static void lose(struct population *fleet, struct world *world, unsigned place)
{
	free(fleet->words[place]);
	fleet->words[place] = NULL;
	fleet->thing[place] = NOTHING;
	devices_lose(&world->devices, population_ids[place]);
}

static uint64_t life_of(const struct population *fleet, unsigned place)
{
	return strtoull(strstr(fleet->words[place], "life=") + 5, NULL, 10);
}

/* The place that this one hangs on, or itself. */
static unsigned above(unsigned place)
{
	return place == VFS || place == VFS + 1 ? PF
	       : place == CARRIER		? BOARD
	       : place < PORTS			? place
	       : place < PORTS + 3		? HUBS
						: HUBS + 1;
}

/* What hangs on a place goes before it, or right after it. */
static void lose_tree(struct population *fleet, struct world *world, unsigned place)
{
	bool first = chance_in(fleet->chance, 2);

	if (first)
		lose(fleet, world, place);
	for (unsigned i = 0; i < POPULATION_PLACES; i++)
		if (i != place && above(i) == place && fleet->words[i])
			lose(fleet, world, i);
	if (!first)
		lose(fleet, world, place);
}

static int free_stick(struct population *fleet)
{
	int stick = (int)chance_below(fleet->chance, ARRAY_LENGTH(sticks));

	for (size_t i = PORTS; i < POPULATION_PLACES; i++)
		if (fleet->thing[i] == stick)
			return NOTHING;
	return stick;
}

static const char *arrive(struct population *fleet, struct world *world, unsigned place)
{
	if (above(place) != place && !fleet->words[above(place)])
		see(fleet, world, above(place), ++fleet->lives);
	if (place >= PORTS && fleet->thing[place] == NOTHING)
		fleet->thing[place] = free_stick(fleet);
	if (place >= PORTS && fleet->thing[place] == NOTHING)
		return "nothing";
	see(fleet, world, place, ++fleet->lives);
	return "arrives";
}

static const char *move(struct population *fleet, struct world *world, unsigned place)
{
	unsigned to = PORTS + chance_below(fleet->chance, PORT_COUNT);
	int stick = fleet->thing[place];

	lose(fleet, world, place);
	if (fleet->words[to])
		return "goes";
	fleet->thing[to] = stick;
	arrive(fleet, world, to);
	return "moves";
}

const char *population_step(struct population *fleet, struct world *world, unsigned place)
{
	if (!fleet->words[place])
		return arrive(fleet, world, place);
	switch (chance_below(fleet->chance, 5)) {
	case 0:
		lose_tree(fleet, world, place);
		return "goes";
	case 1:
		if (place >= PORTS)
			return move(fleet, world, place);
		lose_tree(fleet, world, place);
		arrive(fleet, world, place);
		return "is replaced";
	case 2:
		if (place >= PORTS) { /* without its removal having been seen */
			fleet->thing[place] = NOTHING;
			fleet->thing[place] = free_stick(fleet);
			if (fleet->thing[place] == NOTHING) {
				lose(fleet, world, place);
				return "goes";
			}
			see(fleet, world, place, ++fleet->lives);
			return "is another";
		}
		break;
	}
	see(fleet, world, place, life_of(fleet, place));
	return "changes";
}

void population_show(struct population *fleet, struct world *world)
{
	unsigned first = chance_below(fleet->chance, POPULATION_PLACES);
	unsigned stride = 1 + chance_below(fleet->chance, POPULATION_PLACES - 1);

	for (unsigned i = 0; i < POPULATION_PLACES; i++) { /* a prime: every place once */
		unsigned place = (first + i * stride) % POPULATION_PLACES;

		if (fleet->words[place])
			world_see_all(world, fleet->words[place]);
	}
}

static void add_options(
	struct population *fleet, struct buffer *text, const char *group, bool whole)
{
	buffer_format(text, "select=\"%s\";",
		any(fleet, (const char *const[]){"first", "spread", "pack"}, 3));
	if (whole && strchr("pq", group[0]) && chance_in(fleet->chance, 3)) {
		buffer_add_string(text, "functions=\"all\";");
		fleet->whole_slots = true;
	}
	if (chance_in(fleet->chance, 3))
		buffer_format(text, "return_grace=%u;", chance_below(fleet->chance, 3));
	if (chance_in(fleet->chance, 4))
		buffer_format(text, "owners=((\"vm:[ab]\",%u),\"tenant:t*\");",
			1 + chance_below(fleet->chance, 3));
}

static const char *kind_of(struct population *fleet, const char *group)
{
	switch (group[0]) {
	case 'n':
		return "sriov-nic";
	case 'u':
		return "usb";
	case 'v':
		return "vgpu";
	case 'w':
		return chance_in(fleet->chance, 6) ? "pci" : "usb";
	default:
		return "pci";
	}
}

char *population_rules(struct population *fleet, bool whole)
{
	static const char *const conditions[POPULATION_GROUPS] = {"(\"vf_index\",\"ge\",0)",
		"(\"vendor_device\",\"bw\",\"8086\")", "(\"driver\",\"eq\",\"nvme\")",
		"(\"vendor_id\",\"ne\",\"1d6b\")", "(\"type_id\",\"ge\",1)",
		"(\"speed\",\"ge\",5000)"};
	struct buffer text = {0};
	struct buffer rules = {0};
	unsigned first = chance_below(fleet->chance, POPULATION_GROUPS);

	fleet->whole_slots = false;
	for (unsigned i = 0; i < POPULATION_GROUPS; i++) {
		unsigned group = (first + i) % POPULATION_GROUPS;
		const char *name = population_groups[group];
		const char *kind = kind_of(fleet, name);

		if (chance_in(fleet->chance, 16))
			continue;
		buffer_format(&text, "%s{name=\"%s\";kind=\"%s\";", text.length ? "," : "groups=(",
			name, kind);
		add_options(fleet, &text, name, whole);
		buffer_add_string(&text, "}");
		if (group == 5 && strcmp(kind, "usb") != 0)
			continue;
		buffer_format(&rules, "%s{name=\"%s\";group=\"%s\";enabled=%s;match=(%s);}",
			rules.length ? "," : "rules=(", name, name,
			chance_in(fleet->chance, 8) ? "false" : "true", conditions[group]);
	}
	if (text.length)
		buffer_add_string(&text, ");");
	if (rules.length)
		buffer_format(&text, "%s);", buffer_string(&rules));
	buffer_done(&rules);
	return memory_resize(text.bytes ? (buffer_string(&text), text.bytes) : memory_duplicate(""),
		text.length + 1, 1);
}
