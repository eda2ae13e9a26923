/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of the free devices a claim gets, as the ids of its instances' devices in their order. */
#include "claims/answer.h"
#include "lib/edge.h"
#include "lib/subscriber.h"
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

/* Two slots of two functions on two NUMA nodes; the bridge is in no group. */
static const char *const board[] = {
	"pci:0000:01:00.0 slot=01:00.0 vendor_device=8086:10c9 numa_node=0 life=1",
	"pci:0000:01:00.1 slot=01:00.1 vendor_device=8086:10c9 numa_node=0 life=2",
	"pci:0000:02:00.0 slot=02:00.0 vendor_device=8086:10c9 numa_node=1 life=3",
	"pci:0000:02:00.1 slot=02:00.1 vendor_device=8086:ffff numa_node=1 life=4",
	"pci:0000:0a:00.0 slot=0a:00.0 vendor_device=8086:10c9 numa_node=1 life=5",
};

/* Four VFs, two on each of two PFs. */
static const char *const functions[] = {
	"pci:0000:03:00.0 slot=03:00.0 vendor_device=8086:1572 function=physical life=1",
	"pci:0000:03:10.0 slot=03:10.0 vendor_device=8086:154c function=virtual vf_index=0"
	" physical_function=03:00.0 parent=pci:0000:03:00.0 life=2",
	"pci:0000:03:10.1 slot=03:10.1 vendor_device=8086:154c function=virtual vf_index=1"
	" physical_function=03:00.0 parent=pci:0000:03:00.0 life=3",
	"pci:0000:04:00.0 slot=04:00.0 vendor_device=8086:1572 function=physical life=4",
	"pci:0000:04:10.0 slot=04:10.0 vendor_device=8086:154c function=virtual vf_index=0"
	" physical_function=04:00.0 parent=pci:0000:04:00.0 life=5",
	"pci:0000:04:10.1 slot=04:10.1 vendor_device=8086:154c function=virtual vf_index=1"
	" physical_function=04:00.0 parent=pci:0000:04:00.0 life=6",
};

#define BOARD	  board, sizeof(board) / sizeof(board[0]), "8086:10c9"
#define FUNCTIONS functions, sizeof(functions) / sizeof(functions[0]), "8086:154c"

static const struct {
	const char *what;
	const char *const *present;
	size_t count;
	const char *model;
	const char *options;	 /* of the group */
	const char *requests[5]; /* the last is looked at */
	const char *want;	 /* empty: nothing is given */
} cases[] = {
	{"the lowest id", BOARD, "", {"claim vm=a group=g"}, " 01:00.0"},
	{"the lowest ids", BOARD, "", {"claim vm=a group=g count=3"}, " 01:00.0 01:00.1 02:00.0"},
	{"all or none", BOARD, "", {"claim vm=a group=g count=5"}, ""},
	{"a node is a wish", BOARD, "", {"claim vm=a group=g numa=1"}, " 02:00.0"},
	{"that gives way", BOARD, "", {"claim vm=a group=g count=3 numa=1"},
		" 02:00.0 0a:00.0 01:00.0"},
	{"as for a node that is none", BOARD, "", {"claim vm=a group=g numa=7"}, " 01:00.0"},
	{"the one it had last", BOARD, "",
		{"claim vm=b device=pci:0000:02:00.0", "release vm=b", "claim vm=b group=g"},
		" 02:00.0"},
	{"of several the first", BOARD, "",
		{"claim vm=b device=pci:0000:02:00.0", "claim vm=b device=pci:0000:01:00.1",
			"release vm=b", "claim vm=b group=g"},
		" 01:00.1"},
	{"before the node", BOARD, "",
		{"claim vm=b device=pci:0000:02:00.0", "release vm=b", "claim vm=b group=g numa=0"},
		" 02:00.0"},
	{"until another had it", BOARD, "",
		{"claim vm=b device=pci:0000:02:00.0", "release vm=b",
			"claim vm=c device=pci:0000:02:00.0", "release vm=c", "claim vm=b group=g"},
		" 01:00.0"},
	{"a tenant is not the VM of its name", BOARD, "",
		{"claim tenant=b device=pci:0000:02:00.0", "release tenant=b",
			"claim vm=b group=g"},
		" 01:00.0"},
	{"the emptier node", BOARD, "select=\"spread\";",
		{"claim vm=a group=g", "claim vm=a group=g"}, " 02:00.0"},
	{"within one claim too", BOARD, "select=\"spread\";", {"claim vm=a group=g count=3"},
		" 01:00.0 02:00.0 01:00.1"},
	{"the fuller node", BOARD, "select=\"pack\";",
		{"claim vm=a device=pci:0000:02:00.0", "claim vm=a group=g"}, " 0a:00.0"},
	{"the PF counts first", FUNCTIONS, "select=\"spread\";",
		{"claim vm=a group=g", "claim vm=a group=g"}, " 04:10.0"},
	{"packed on one PF", FUNCTIONS, "select=\"pack\";",
		{"claim vm=a device=pci:0000:04:10.1", "claim vm=a group=g"}, " 04:10.0"},
	{"whole slots", BOARD, "functions=\"all\";", {"claim vm=a group=g"}, " 01:00.0 01:00.1"},
	{"with what no rule wants", BOARD, "functions=\"all\";",
		{"claim vm=a device=pci:0000:02:00.0"}, " 02:00.0 02:00.1"},
	{"a number of slots", BOARD, "functions=\"all\";", {"claim vm=a group=g count=3"},
		" 01:00.0 01:00.1 02:00.0 02:00.1 0a:00.0"},
	{"and no more", BOARD, "functions=\"all\";", {"claim vm=a group=g count=4"}, ""},
	{"VFs are no functions of a slot", FUNCTIONS, "functions=\"all\";",
		{"claim vm=a group=g count=3"}, " 03:10.0 03:10.1 04:10.0"},
	{"each function counts", BOARD, "functions=\"all\";owners=((\"vm:a\",1));",
		{"claim vm=a device=pci:0000:01:00.0"}, ""},
};

static void settle(struct edge *edge, struct buffer *devices)
{
	struct delta delta = {0};
	struct request *request;

	edge_turn(edge, &delta);
	delta_done(&delta);
	while ((request = answer_take(&edge->world.claims))) {
		devices->length = 0;
		for (size_t i = 0; i < request->instances.count; i++) {
			struct text *device = subscriber_member(
				&edge->world.pool, request->instances.items[i], "device");

			buffer_format(devices, " %s", device->bytes + strlen("pci:0000:"));
			text_unref(device);
		}
		request_free(request);
	}
}

static void ask(struct edge *edge, const char *words, struct buffer *devices)
{
	assert_true(edge_request(edge, words));
	settle(edge, devices);
	if (edge->batch)
		edge_commit(edge, BATCH_COMMITTED);
	settle(edge, devices);
}

static void check_case(size_t number)
{
	struct buffer rules = {0};
	struct buffer devices = {0};
	struct edge edge;

	edge_init(&edge);
	buffer_format(&rules,
		"groups=({name=\"g\";kind=\"pci\";%s});"
		"rules=({name=\"r\";group=\"g\";match=((\"vendor_device\",\"eq\",\"%s\"));});",
		cases[number].options, cases[number].model);
	edge_load_rules(&edge, buffer_string(&rules));
	for (size_t i = cases[number].count; i-- > 0;)
		edge_see(&edge, cases[number].present[i]);
	settle(&edge, &devices);
	for (size_t i = 0; i < 5 && cases[number].requests[i]; i++)
		ask(&edge, cases[number].requests[i], &devices);
	assert_string_equal(buffer_string(&devices), cases[number].want);
	buffer_done(&rules);
	buffer_done(&devices);
	edge_done(&edge);
}

static void the_best_is_picked(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("# %s\n", cases[i].what);
		check_case(i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_best_is_picked)};

	return cmocka_run_group_tests_name("claims_pick", tests, NULL, NULL);
}
