/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random rules, devices and events. Whatever their order and however they fall into turns:
 *
 *   1. applying the events to what was told before gives what the inventory says;
 *   2. group.left and group.joined alternate for each device, and name the group it was in;
 *   3. after each turn the memberships equal an evaluation of the present devices from scratch, by
 *      the rules in force, were others staged a moment before or are they being staged;
 *   4. a vGPU candidate is there exactly if the last look at its function found it;
 *   5. a device has the udev properties of the database that the rules in force name.
 */
#include "base/memory.h"
#include "base/writer.h"
#include "lib/cases.h"
#include "lib/random_rules.h"
#include "lib/rules.h"
#include "lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DEVICES 15

/* This one may be of two kinds, and this one carries those from CANDIDATES on. */
#define NIC	   1
#define CARRIER	   2
#define CANDIDATES 12

/* What udev's database may know of a USB device. */
static const char *const property_keys[] = {"PORT", "SEAT"};

/* What the devices are, as against what the inventory knows of them. */
struct machine {
	struct world world;
	unsigned candidates; /* a bit for each that the last look at its function found */
	const char *properties[DEVICES][ARRAY_LENGTH(property_keys)]; /* values, or NULL */
};

/* What a subscriber knows of one device. */
struct known {
	bool present;
	struct text *json;
	struct text *group;
};

struct subscriber {
	struct known devices[DEVICES];
};

static const char *const ids[DEVICES] = {"pci:0000:01:00.0", "pci:0000:01:00.1", "pci:0000:02:00.0",
	"pci:0000:10:00.0", "pci:0000:e1:00.0", "pci:10000:01:00.0", "usb:1-1", "usb:1-2",
	"usb:1-10", "usb:1-2.1", "usb:2-1", "usb:usb1", "vgpu:0000:02:00.0/47",
	"vgpu:0000:02:00.0/230.2", "vgpu:0000:02:00.0/230.10"};

static size_t index_of(const char *id, size_t length)
{
	for (size_t i = 0; i < DEVICES; i++)
		if (strlen(ids[i]) == length && strncmp(ids[i], id, length) == 0)
			return i;
	abort();
}

static struct known *known_of(struct subscriber *subscriber, const struct change *change)
{
	const char *id = strstr(change->device->bytes, "\"id\":\"") + 6;

	return &subscriber->devices[index_of(id, strcspn(id, "\""))];
}

static void apply(struct subscriber *subscriber, const struct change *change)
{
	struct known *known = change->device ? known_of(subscriber, change) : NULL;

	switch (change->type) {
	case EVENT_DEVICE_ADDED:
		assert_false(known->present);
		known->present = true;
		text_replace(&known->json, text_ref(change->device));
		break;
	case EVENT_DEVICE_CHANGED:
		assert_true(known->present);
		assert_string_not_equal(known->json->bytes, change->device->bytes);
		text_replace(&known->json, text_ref(change->device));
		break;
	case EVENT_DEVICE_REMOVED:
		assert_true(known->present);
		assert_null(known->group);
		known->present = false;
		text_replace(&known->json, NULL);
		break;
	case EVENT_GROUP_JOINED:
		assert_true(known->present);
		assert_null(known->group);
		text_replace(&known->group, text_ref(change->group));
		break;
	case EVENT_GROUP_LEFT:
		assert_ptr_equal(known->group, change->group);
		text_replace(&known->group, NULL);
		break;
	case EVENT_RULES_RELOADED:
	case EVENT_RESYNC:
		break;
	case EVENT_INSTANCE_CREATED: /* nobody claims here; claims_test does */
	case EVENT_INSTANCE_ASSIGNED:
	case EVENT_INSTANCE_UNASSIGNED:
	case EVENT_INSTANCE_BOUND:
	case EVENT_INSTANCE_MISSING:
	case EVENT_INSTANCE_RETURNED:
	case EVENT_INSTANCE_RELEASED:
	case EVENT_READY:
	case EVENT_TYPE_COUNT:
		fail();
	}
}

/* A Device without its group, which group.joined and group.left tell. */
static char *without_group(const struct text *json)
{
	char *copy = memory_duplicate(json->bytes);
	char *start = strstr(copy, ",\"group\":\"");

	if (start) {
		char *end = strchr(start + 10, '"') + 1;

		memmove(start, end, strlen(end) + 1);
	}
	return copy;
}

static void compare(struct subscriber *subscriber, const struct claims *claims)
{
	for (size_t i = 0; i < DEVICES; i++) {
		const struct device *device = devices_find(claims->devices, ids[i]);
		const struct known *known = &subscriber->devices[i];
		char *told;
		char *is;

		assert_int_equal(known->present, device != NULL);
		if (!device)
			continue;
		assert_ptr_equal(known->group, device->now.group);
		told = without_group(known->json);
		is = without_group(device->now.json);
		assert_string_equal(told, is);
		free(told);
		free(is);
	}
}

static const char *const pci_tests[] = {"(\"driver\",\"eq\",\"\")", "(\"driver\",\"rx\",\"^n\")",
	"(\"slot\",\"<\",\"02:00.0\")", "(\"class_hex\",\"eq\",\"02\")",
	"(\"class_hex\",\"ge\",\"0300\")", "(\"numa_node\",\"ne\",1)", "(\"numa_node\",\">=\",1)",
	"(\"vendor_device\",\"bw\",\"10de\")", "(\"revision\",\"gt\",\"1\")"};
static const char *const usb_tests[] = {"(\"speed\",\"<\",480)", "(\"speed\",\"ge\",\"1.5\")",
	"(\"serial\",\"ne\",\"A\")", "(\"serial\",\"ct\",\"a\")",
	"(\"interface_drivers\",\"eq\",\"usbhid\")", "(\"interface_drivers\",\"ne\",\"usbhid\")",
	"(\"usb_version\",\">\",\"2.0\")", "(\"path\",\"ew\",\"1\")",
	"(\"udev.SEAT\",\"eq\",\"x\")", "(\"udev.SEAT\",\"ne\",\"x\")",
	"(\"udev.PORT\",\"eq\",\"y\")"};

static const char *const nic_tests[] = {"(\"driver\",\"eq\",\"igb\")",
	"(\"physical_slot\",\"eq\",\"3\")", "(\"physical_slot\",\"ne\",\"3\")",
	"(\"vf_index\",\"<\",2)"};
static const char *const vgpu_tests[] = {"(\"type_id\",\"eq\",\"nvidia-230\")",
	"(\"type_id\",\"<\",100)", "(\"name\",\"ew\",\"Q\")", "(\"numa_node\",\"ne\",0)"};

static const struct {
	const char *const *conditions;
	unsigned count;
} tests_of[KIND_COUNT] = {
	[KIND_PCI] = {pci_tests, ARRAY_LENGTH(pci_tests)},
	[KIND_USB] = {usb_tests, ARRAY_LENGTH(usb_tests)},
	[KIND_SRIOV_NIC] = {nic_tests, ARRAY_LENGTH(nic_tests)},
	[KIND_VGPU] = {vgpu_tests, ARRAY_LENGTH(vgpu_tests)},
};

static void add_condition(struct buffer *text, enum kind kind, unsigned depth)
{
	unsigned shape = random_below(depth > 0 ? 8 : 5);

	if (shape < 5) {
		buffer_add_string(
			text, tests_of[kind].conditions[random_below(tests_of[kind].count)]);
		return;
	}
	buffer_add_string(text, shape == 5 ? "(\"not\"" : shape == 6 ? "(\"any\"" : "(\"all\"");
	for (unsigned i = shape == 5 ? 1 : 1 + random_below(3); i > 0; i--) {
		buffer_add_byte(text, ',');
		add_condition(text, kind, depth - 1);
	}
	buffer_add_byte(text, ')');
}

static void add_rules(struct buffer *text)
{
	unsigned count = random_below(7);

	buffer_add_string(text,
		"groups=({name=\"p0\";kind=\"pci\";},{name=\"p1\";kind=\"pci\";},"
		"{name=\"u0\";kind=\"usb\";},{name=\"u1\";kind=\"usb\";},"
		"{name=\"s0\";kind=\"sriov-nic\";},{name=\"s1\";kind=\"sriov-nic\";},"
		"{name=\"v0\";kind=\"vgpu\";},{name=\"v1\";kind=\"vgpu\";});rules=(");
	for (unsigned i = 0; i < count; i++) {
		enum kind kind = random_below(KIND_COUNT);

		buffer_format(text, "%s{name=\"r%u\";group=\"%c%u\";enabled=%s;match=(",
			i ? "," : "", i, kind_name(kind)[0], random_below(2),
			random_below(5) ? "true" : "false");
		for (unsigned conditions = 1 + random_below(2); conditions > 0; conditions--) {
			add_condition(text, kind, 2);
			buffer_add_string(text, conditions > 1 ? "," : "");
		}
		buffer_add_string(text, ");}");
	}
	buffer_add_string(text, ");");
}

static struct ruleset *next_rules(struct world *world)
{
	struct load_options options = {.pool = &world->pool};

	return random_rules(add_rules, &options, NULL);
}

static void maybe(struct buffer *words, const char *key, const char *const *values, unsigned count)
{
	unsigned choice = random_below(count + 1);

	if (choice < count)
		buffer_format(words, " %s=%s", key, values[choice]);
}

static struct facts *random_facts(struct world *world, const char *id)
{
	struct buffer words = {0};
	struct facts *facts;

	buffer_format(&words, "%s life=%u", id, 1 + random_below(8) / 7);
	if (strncmp(id, "vgpu:", 5) == 0) {
		maybe(&words, "type_id", (const char *const[]){"47", "nvidia-230"}, 2);
		maybe(&words, "name", (const char *const[]){"A40-1Q", "A40-1B"}, 2);
		maybe(&words, "numa_node", (const char *const[]){"0", "1"}, 2);
	} else if (strncmp(id, "pci:", 4) == 0) {
		buffer_format(&words, " slot=%s", id + 4);
		if (id == ids[NIC]) {
			bool nic = random_below(2);

			buffer_add_string(&words, nic ? " kind=sriov-nic" : "");
			if (nic)
				maybe(&words, "physical_slot", (const char *const[]){"3", "4"}, 2);
			maybe(&words, "vf_index", (const char *const[]){"1", "2"}, 2);
		}
		maybe(&words, "driver", (const char *const[]){"", "nvme", "igb"}, 3);
		maybe(&words, "class_hex", (const char *const[]){"020000", "030200"}, 2);
		maybe(&words, "numa_node", (const char *const[]){"0", "1"}, 2);
		maybe(&words, "vendor_device", (const char *const[]){"10de:1eb8", "8086:10c9"}, 2);
		maybe(&words, "revision", (const char *const[]){"01", "a1"}, 2);
	} else {
		buffer_format(&words, " path=%s", id + 4);
		maybe(&words, "speed", (const char *const[]){"1.5", "480", "5000"}, 3);
		maybe(&words, "serial", (const char *const[]){"A", "bA"}, 2);
		maybe(&words, "interface_drivers",
			(const char *const[]){"", "usbhid", "usbhid,btusb"}, 3);
		maybe(&words, "usb_version", (const char *const[]){"2.00", "2.10"}, 2);
	}
	facts = world_facts(world, buffer_string(&words));
	buffer_done(&words);
	return facts;
}

/* Those that `keys`, of struct text, name. */
static void add_properties(struct machine *machine, struct facts *facts, const struct vector *keys)
{
	size_t device = index_of(facts->id->bytes, facts->id->length);

	for (size_t i = 0; i < ARRAY_LENGTH(property_keys); i++)
		for (size_t j = 0; machine->properties[device][i] && j < keys->count; j++)
			if (text_is(keys->items[j], property_keys[i]))
				facts_add_property(facts, &machine->world.pool, property_keys[i],
					machine->properties[device][i]);
}

/* Often nothing but properties is other than it was. */
static struct facts *look_at(struct machine *machine, const char *id)
{
	const struct device *known = devices_find(&machine->world.devices, id);
	struct facts *facts = known && random_below(3) == 0
				      ? facts_copy_without_properties(known->now.facts)
				      : random_facts(&machine->world, id);
	size_t device = index_of(id, strlen(id));

	for (size_t i = 0; facts->kinds == KIND_MASK(KIND_USB) && i < 2; i++)
		machine->properties[device][i] =
			(const char *const[]){"x", "y", NULL}[random_below(3)];
	add_properties(machine, facts, &machine->world.devices.ruleset->properties);
	return facts;
}

static void see(struct machine *machine, const char *id)
{
	struct vector found = {0};

	vector_add(&found, look_at(machine, id));
	if (id == ids[CARRIER])
		machine->candidates = random_below(1 << (DEVICES - CANDIDATES));
	for (size_t i = CANDIDATES; id == ids[CARRIER] && i < DEVICES; i++)
		if (machine->candidates & 1u << (i - CANDIDATES))
			vector_add(&found, look_at(machine, ids[i]));
	devices_see_all(&machine->world.devices, &found);
}

static void lose(struct machine *machine, const char *id)
{
	if (id == ids[CARRIER])
		machine->candidates = 0;
	devices_lose(&machine->world.devices, id);
}

static void check_candidates(const struct machine *machine)
{
	for (size_t i = CANDIDATES; i < DEVICES; i++)
		assert_int_equal(devices_find(&machine->world.devices, ids[i]) != NULL,
			(machine->candidates >> (i - CANDIDATES)) & 1);
}

/* A slice of `most` devices; as the daemon it reads properties only if other ones are named. */
static void stage_slice(struct machine *machine, unsigned most)
{
	struct claims *claims = &machine->world.claims;
	struct device *device;

	while (most-- > 0 && (device = devices_stage_next(claims->devices))) {
		struct facts *facts = NULL;

		if (claims->devices->stage.other_keys) {
			facts = facts_copy_without_properties(device->now.facts);
			add_properties(machine, facts, &claims->devices->stage.ruleset->properties);
		}
		devices_stage_device(claims->devices, device, facts);
	}
}

static void reload_step(struct machine *machine, struct vector *moves)
{
	struct claims *claims = &machine->world.claims;

	if (!claims->devices->stage.ruleset || random_below(10) == 0)
		devices_stage_rules(claims->devices, next_rules(&machine->world));
	stage_slice(machine, random_below(DEVICES));
	if (!devices_stage_next(claims->devices))
		devices_swap_rules(claims->devices, moves);
}

static void check_device(struct machine *machine, const struct device *device)
{
	struct ruleset *ruleset = machine->world.devices.ruleset;
	const struct rule *fresh = rules_evaluate(&ruleset->rules, device->now.facts);
	struct facts *facts = facts_copy_without_properties(device->now.facts);

	assert_ptr_equal(device->now.group, fresh ? fresh->group->name : NULL);
	assert_ptr_equal(device->now.rule, fresh ? fresh->name : NULL);
	assert_int_equal(device->now.rule_number, fresh ? fresh->number : 0);
	assert_int_equal(device->now.state, fresh ? STATE_AVAILABLE : STATE_UNMATCHED);
	add_properties(machine, facts, &ruleset->properties);
	assert_true(facts_equal(facts, device->now.facts));
	assert_null(device->told); /* it is what is now */
	facts_unref(facts);
}

static void settle(struct machine *machine, struct subscriber *subscriber)
{
	struct claims *claims = &machine->world.claims;
	struct delta delta = {0};

	claims_settle(claims, &delta);
	for (size_t i = 0; i < delta.changes.count; i++)
		apply(subscriber, delta.changes.items[i]);
	delta_done(&delta);
	compare(subscriber, claims);
	for (size_t i = 0; i < claims->devices->inventory.devices.count; i++)
		check_device(machine, claims->devices->inventory.devices.items[i]);
}

static void run_case(void)
{
	struct machine machine = {0};
	struct subscriber subscriber = {0};
	struct vector moves = {0};

	world_init(&machine.world);
	for (unsigned step = 0; step < 50; step++) {
		size_t device = random_below(DEVICES);
		const char *id = ids[device >= CANDIDATES ? CARRIER : device];
		unsigned action = random_below(14);

		if (action < 7)
			see(&machine, id);
		else if (action < 9)
			lose(&machine, id);
		else if (action < 11)
			settle(&machine, &subscriber);
		else
			reload_step(&machine, &moves);
		check_candidates(&machine);
	}
	settle(&machine, &subscriber);
	for (size_t i = 0; i < DEVICES; i++) {
		text_unref(subscriber.devices[i].json);
		text_unref(subscriber.devices[i].group);
	}
	move_list_done(&moves);
	world_done(&machine.world);
}

static void any_order_tells_the_truth(void **state)
{
	static const uint64_t failed_once[] = {1795923276}; /* a rule of too many alternatives */

	(void)state;
	cases_run_again(run_case, failed_once, ARRAY_LENGTH(failed_once));
	cases_run(run_case, 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(any_order_tells_the_truth, cases_tell_seed)};

	return cmocka_run_group_tests_name("property", tests, NULL, NULL);
}
