/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vGPU candidates of both layouts, from folders made by the test; and chassis slots. */
#include "base/memory.h"
#include "io/probe/physical_slot.h"
#include "io/probe/vgpu.h"
#include "lib/tree.h"
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

static struct tree tree;
static struct text_pool pool;
static struct folder folder;
static struct facts *function;
static struct vector found;

static int set_up(void **state)
{
	(void)state;
	tree_make(&tree);
	folder = (struct folder){.descriptor = tree.descriptor};
	function = facts_new(text_intern_string(&pool, "pci:0000:41:00.4"), KIND_MASK(KIND_PCI));
	function->life = 77;
	facts_set(function, &pool, FIELD_SLOT, "0000:41:00.4");
	facts_set(function, &pool, FIELD_VENDOR_DEVICE, "10de:2235");
	facts_set(function, &pool, FIELD_FUNCTION, "virtual");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	facts_list_done(&found);
	facts_unref(function);
	text_pool_done(&pool);
	tree_remove(&tree);
	return 0;
}

static void look(void)
{
	facts_list_done(&found);
	vector_add(&found, facts_ref(function));
	vgpu_add_candidates(&found, &pool, &folder);
}

/* Each candidate as `what stands behind the slash = name`, then a semicolon. */
static void assert_candidates(const char *want)
{
	struct buffer got = {0};

	look();
	for (size_t i = 1; i < found.count; i++) {
		const struct facts *facts = found.items[i];
		const struct text *name = facts_value(facts, FIELD_NAME);

		buffer_format(&got, "%s=%s;", strchr(facts->id->bytes, '/') + 1,
			name ? name->bytes : "(absent)");
	}
	assert_string_equal(buffer_string(&got), want);
	buffer_done(&got);
}

static void write_type(const char *type, const char *attribute, const char *content)
{
	char name[512];

	snprintf(name, sizeof(name), "mdev_supported_types/%s/%s", type, attribute);
	tree_write(&tree, name, content);
}

static void both_forms_of_the_creatable_list(void **state)
{
	static const struct {
		const char *list;
		const char *want;
	} cases[] = {
		{"ID    : vGPU Name\n1145  : NVIDIA L40S-1B\n1156  : NVIDIA L40S-48Q\n",
			"1145=NVIDIA L40S-1B;1156=NVIDIA L40S-48Q;"},
		{"1428 : NVIDIA H200X-141C", "1428=NVIDIA H200X-141C;"},
		{"1428:x:y\n  7\t:\tz \r\n", "7=z;1428=x:y;"},
		{"", ""},
		{"\n", ""},
		{"ID    : vGPU Name\n", ""},
		{"9 : later\n8 : earlier\n9 : again\n", "8=earlier;9=later;"},
		{"5 :\n6 : \n", "5=(absent);6=(absent);"},
		{"0 : none\n-1 : less\n007 : spelt\n4294967296 : beyond\n1.5 : part\n", ""},
		{"12\n: no id\nx : word\n3 4 : two\n0x5 : hex\n5", ""},
		{"4294967295 : last\n", "4294967295=last;"},
		{"5 : a\1b\x1b[31m\xff\n", "5=a\xef\xbf\xbd"
					   "b\xef\xbf\xbd[31m\xef\xbf\xbd;"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tree_write(&tree, "nvidia/creatable_vgpu_types", cases[i].list);
		assert_candidates(cases[i].want);
		assert_true(function->offers_vgpus);
	}
}

static void mdev_types_of_a_virtual_function(void **state)
{
	(void)state;
	write_type("nvidia-742", "name", "NVIDIA A2-1B\n");
	write_type("nvidia-742", "description", "num_heads=4, max_instance=16\n");
	write_type("nvidia-742", "available_instances", "0\n");
	write_type("nvidia-99", "name", "\n");
	write_type("nvidia-100", "device_api", "vfio-pci\n");
	write_type("i915-GVTg_V5_4", "name", "GVTg\n");
	write_type("nvidia-0742", "name", "a second spelling\n");
	write_type("nvidia-", "name", "no number\n");
	write_type("nvidia-7a", "name", "letters\n");
	write_type("nvidia-4294967296", "name", "beyond\n");
	assert_candidates("99=(absent);100=(absent);742=NVIDIA A2-1B;");
	assert_string_equal(((struct facts *)found.items[1])->name->bytes, "nvidia-99");
}

static void mediated_devices_of_others_are_no_vgpus(void **state)
{
	(void)state;
	write_type("nvidia-742", "name", "NVIDIA A2-1B\n");
	facts_set(function, &pool, FIELD_VENDOR_DEVICE, "8086:1912");
	assert_candidates("");
	assert_false(function->offers_vgpus);
}

static void as_many_as_a_board_without_vfs_makes(void **state)
{
	static const struct {
		const char *description;
		const char *available;
		unsigned existing;
		const char *want;
	} cases[] = {
		{"num_heads=4, max_instance=2, x=1\n", "0\n", 1, "230.1=;230.2=;"},
		{"max_instance=1\n", "1\n", 0, "230.1=;"},
		{"num_heads=4\n", "1\n", 2, "230.1=;230.2=;230.3=;"},
		{"max_instance=many\n", "2\n", 0, "230.1=;230.2=;"},
		{"max_instance=0\n", "0\n", 0, "230.1=;"},
		{NULL, NULL, 2, "230.1=;230.2=;"},
		{NULL, "garbage\n", 0, "230.1=;"},
	};

	(void)state;
	facts_set(function, &pool, FIELD_FUNCTION, "plain");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char want[128] = "";

		tear_down(NULL);
		set_up(NULL);
		facts_set(function, &pool, FIELD_FUNCTION, "plain");
		write_type("nvidia-230", "name", "\n");
		if (cases[i].description)
			write_type("nvidia-230", "description", cases[i].description);
		if (cases[i].available)
			write_type("nvidia-230", "available_instances", cases[i].available);
		for (unsigned k = 0; k < cases[i].existing; k++)
			write_type("nvidia-230", k ? "devices/b/x" : "devices/a/x", "");
		for (const char *at = cases[i].want; *at; at++)
			snprintf(want + strlen(want), sizeof(want) - strlen(want), "%s%c",
				*at == ';' ? "(absent)" : "", *at);
		assert_candidates(want);
	}
}

static void a_candidate_has_what_its_function_has(void **state)
{
	const struct facts *candidate;

	(void)state;
	facts_set(function, &pool, FIELD_VENDOR_DEVICE, "10de:26b9");
	facts_set(function, &pool, FIELD_VENDOR, "NVIDIA Corporation");
	facts_set(function, &pool, FIELD_NAME, "of the function");
	facts_set(function, &pool, FIELD_DRIVER, "nvidia");
	facts_set(function, &pool, FIELD_NUMA_NODE, "1");
	facts_set(function, &pool, FIELD_VF_INDEX, "3");
	facts_set(function, &pool, FIELD_PHYSICAL_FUNCTION, "0000:41:00.0");
	tree_write(&tree, "nvidia/creatable_vgpu_types", "558 : NVIDIA L40S-8Q\n");
	look();
	candidate = found.items[1];
	assert_string_equal(candidate->id->bytes, "vgpu:0000:41:00.4/558");
	assert_int_equal(candidate->kinds, KIND_MASK(KIND_VGPU));
	assert_int_equal(candidate->life, 77);
	assert_string_equal(candidate->parent->bytes, "pci:0000:41:00.4");
	assert_null(candidate->bound);
	assert_string_equal(candidate->name->bytes, "NVIDIA L40S-8Q");
	assert_string_equal(facts_value(candidate, FIELD_NAME)->bytes, "NVIDIA L40S-8Q");
	assert_string_equal(facts_value(candidate, FIELD_SLOT)->bytes, "0000:41:00.4");
	assert_string_equal(facts_value(candidate, FIELD_VENDOR_DEVICE)->bytes, "10de:26b9");
	assert_string_equal(facts_value(candidate, FIELD_NUMA_NODE)->bytes, "1");
	assert_string_equal(facts_value(candidate, FIELD_TYPE_ID)->bytes, "558");
	assert_string_equal(facts_value(candidate, FIELD_VIRTUAL_FUNCTION)->bytes, "3");
	assert_string_equal(facts_value(candidate, FIELD_PHYSICAL_FUNCTION)->bytes, "0000:41:00.0");
	assert_null(facts_value(candidate, FIELD_DRIVER));
	assert_null(facts_value(candidate, FIELD_VF_INDEX));
	assert_null(facts_value(candidate, FIELD_FUNCTION));
	for (enum field field = 0; field < FIELD_COUNT; field++)
		if (!(field_describe(field)->kinds & KIND_MASK(KIND_VGPU)))
			assert_null(facts_value(candidate, field));
}

/* On a PF of a board with SR-IOV, and on a board without. */
static void candidates_of_functions_that_are_no_vf(void **state)
{
	const struct facts *candidate;

	(void)state;
	tree_write(&tree, "nvidia/creatable_vgpu_types", "5 : x\n");
	facts_set(function, &pool, FIELD_FUNCTION, "physical");
	look();
	candidate = found.items[1];
	assert_string_equal(facts_value(candidate, FIELD_PHYSICAL_FUNCTION)->bytes, "0000:41:00.4");
	assert_null(facts_value(candidate, FIELD_VIRTUAL_FUNCTION));
	facts_set(function, &pool, FIELD_FUNCTION, "plain");
	look();
	candidate = found.items[1];
	assert_string_equal(candidate->id->bytes, "vgpu:0000:41:00.4/5");
	assert_null(facts_value(candidate, FIELD_PHYSICAL_FUNCTION));
	assert_null(facts_value(candidate, FIELD_VIRTUAL_FUNCTION));
}

static void a_function_without_types_offers_none(void **state)
{
	(void)state;
	look();
	assert_int_equal(found.count, 1);
	assert_false(function->offers_vgpus);
	tree_write(&tree, "mdev_supported_types/nvidia-5/name", "x\n");
	look();
	assert_true(function->offers_vgpus);
}

static void thousands_of_types_are_not_too_many(void **state)
{
	struct buffer list = {0};
	char name[4096];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (unsigned id = 5000; id > 0; id--) {
		char type[32];

		buffer_format(&list, "%u:\n", id);
		if (id % 8 == 0) {
			snprintf(type, sizeof(type), "nvidia-%u", id);
			write_type(type, "description", "max_instance=4000000000");
		}
	}
	write_type("nvidia-8", "name", name);
	tree_write(&tree, "nvidia/creatable_vgpu_types", buffer_string(&list));
	buffer_done(&list);
	look();
	assert_within(found.count, 500, 513);
	facts_set(function, &pool, FIELD_FUNCTION, "plain");
	look();
	assert_within(found.count, 8000, 8193);
	for (size_t i = 2; i < found.count; i++)
		assert_ptr_not_equal(((struct facts *)found.items[i])->id,
			((struct facts *)found.items[i - 1])->id);
}

static void a_page_of_name_is_kept(void **state)
{
	char page[4097];

	(void)state;
	memset(page, 'y', sizeof(page) - 1);
	page[sizeof(page) - 1] = '\0';
	write_type("nvidia-5", "name", page);
	look();
	assert_string_equal(facts_value(found.items[1], FIELD_NAME)->bytes, page);
	memcpy(page, "6 : ", 4);
	tree_write(&tree, "nvidia/creatable_vgpu_types", page);
	look();
	assert_string_equal(facts_value(found.items[2], FIELD_NAME)->bytes, page + 4);
}

static void the_slot_of_a_card(void **state)
{
	static const struct {
		const char *own;
		const char *physical;
		const char *want; /* NULL: absent */
	} cases[] = {
		{"0000:01:10.0", "0000:01:00.0", "3-1"}, /* the PF's */
		{"0000:01:10.0", "0000:01:00.7", "3-1"},
		{"0000:05:00.1", "0000:01:00.0", "5"}, /* its own */
		{"0000:05:00.1", NULL, "5"},
		{"0000:02:10.0", "0000:02:00.0", NULL}, /* a slot without device in its address */
		{"0000:04:10.0", "0000:04:00.0", NULL}, /* garbage */
		{"10000:01:10.0", "10000:01:00.0", "vmd"},
		{"0000:06:10.0", "0000:06:00.0", NULL},
	};

	(void)state;
	tree_write(&tree, "3-1/address", "0000:01:00\n");
	tree_write(&tree, "5/address", "0000:05:00\n");
	tree_write(&tree, "2/address", "0000:02\n");
	tree_write(&tree, "4/address", "\n");
	tree_write(&tree, "vmd/address", "10000:01:00\n");
	tree_write(&tree, "no-address/adapter", "1\n");
	tree_write(&tree, "file", "0000:06:00\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct text *slot;

		facts_put(function, FIELD_PHYSICAL_SLOT, NULL);
		facts_set(function, &pool, FIELD_SLOT, cases[i].own);
		facts_set(function, &pool, FIELD_PHYSICAL_FUNCTION,
			cases[i].physical ? cases[i].physical : "");
		physical_slot_find(function, &pool, &folder);
		slot = facts_value(function, FIELD_PHYSICAL_SLOT);
		assert_int_equal(slot != NULL, cases[i].want != NULL);
		if (slot)
			assert_string_equal(slot->bytes, cases[i].want);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_forms_of_the_creatable_list),
		TEST(mdev_types_of_a_virtual_function),
		TEST(mediated_devices_of_others_are_no_vgpus),
		TEST(as_many_as_a_board_without_vfs_makes),
		TEST(a_candidate_has_what_its_function_has),
		TEST(candidates_of_functions_that_are_no_vf),
		TEST(a_function_without_types_offers_none),
		TEST(thousands_of_types_are_not_too_many),
		TEST(a_page_of_name_is_kept),
		TEST(the_slot_of_a_card),
	};

	return cmocka_run_group_tests_name("probe_vgpu", tests, NULL, NULL);
}
