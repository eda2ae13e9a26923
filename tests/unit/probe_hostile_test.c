/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Folders that no kernel makes: whatever is in them, a look ends and says what can be said. */
#include "io/probe/probe_pci.h"
#include "io/probe/probe_usb.h"
#include "lib/tree.h"
#include "lib/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tree tree;
static struct text_pool pool;
static struct names *names;
static struct usb_names usb_names = {.read = true}; /* an empty list */
static struct facts *facts;

static int set_up(void **state)
{
	(void)state;
	tree_make(&tree);
	names = names_new(&pool);
	facts = facts_new(text_intern_string(&pool, "test:device"), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	facts_unref(facts);
	names_free(names);
	text_pool_done(&pool);
	tree_remove(&tree);
	return 0;
}

static void write_device(const char *below)
{
	static const char *const attributes[][2] = {
		{"vendor", "0x8086\n"},
		{"device", "0x10ca\n"},
		{"class", "0x020000\n"},
		{"busnum", "1\n"},
		{"devnum", "2\n"},
		{"idVendor", "046d\n"},
		{"idProduct", "c52b\n"},
		{"bConfigurationValue", "1\n"},
	};
	char name[128];

	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		snprintf(name, sizeof(name), "%s/%s", below, attributes[i][0]);
		tree_write(&tree, name, attributes[i][1]);
	}
}

/* A look at the folder `below`, as a PCI function and as a USB device at once. */
static void look(const char *below, const char *slot)
{
	struct folder folder = {
		.descriptor = openat(tree.descriptor, below, O_DIRECTORY | O_CLOEXEC)};

	assert_true(folder.descriptor >= 0);
	snprintf(folder.path, sizeof(folder.path), "/sys/bus/x/devices/%s", slot);
	assert_true(probe_pci(names, &pool, &folder, NULL, facts));
	snprintf(folder.path, sizeof(folder.path), "/sys/bus/x/devices/1-2");
	assert_true(probe_usb(&usb_names, &pool, &folder, NULL, facts));
	assert_int_equal(folder.error, 0);
	close(folder.descriptor);
}

static const char *value(enum field field)
{
	return facts_value(facts, field) ? facts_value(facts, field)->bytes : "absent";
}

static void attributes_of_other_types_are_absent(void **state)
{
	char *huge = malloc(1 << 20);
	int writer;

	(void)state;
	write_device("d");
	memset(huge, '7', 1 << 20);
	tree_write_bytes(&tree, "d/speed", huge, 1 << 20);
	tree_write(&tree, "d/serial/serial", "folder");
	tree_link(&tree, "d/product", "product");
	tree_link(&tree, "d/revision", "../d");
	assert_int_equal(mkfifoat(tree.descriptor, "d/manufacturer", 0600), 0);
	assert_int_equal(mkfifoat(tree.descriptor, "d/version", 0600), 0);
	writer = openat(tree.descriptor, "d/version", O_RDWR | O_CLOEXEC); /* writes nothing */
	tree_link(&tree, "d/numa_node", "/dev/zero");
	look("d", "0000:01:00.0");
	close(writer);
	free(huge);
	assert_string_equal(value(FIELD_SPEED), "absent");
	assert_string_equal(value(FIELD_SERIAL), "absent");
	assert_string_equal(value(FIELD_PRODUCT), "absent");
	assert_string_equal(value(FIELD_REVISION), "absent");
	assert_string_equal(value(FIELD_MANUFACTURER), "absent");
	assert_string_equal(value(FIELD_USB_VERSION), "absent");
	assert_string_equal(value(FIELD_NUMA_NODE), "absent");
	assert_string_equal(facts->name->bytes, "046d:c52b");
}

static void names_of_drivers_are_clean(void **state)
{
	(void)state;
	write_device("d");
	tree_link(&tree, "d/driver", "../../nowhere/vfio\n-pci\x1b[2J\xff");
	tree_link(&tree, "d/1-2:1.0/driver", "usb\thid\xc2\x9b");
	tree_link(&tree, "d/iommu_group", "12\n");
	look("d", "0000:01:00.0");
	assert_string_equal(value(FIELD_DRIVER), "vfio\xef\xbf\xbd-pci\xef\xbf\xbd[2J\xef\xbf\xbd");
	assert_string_equal(value(FIELD_INTERFACE_DRIVERS), "usb\xef\xbf\xbdhid\xef\xbf\xbd");
}

static void a_function_may_be_its_own_pf(void **state)
{
	char name[64];

	(void)state;
	write_device("0000:01:00.0");
	tree_link(&tree, "0000:01:00.0/physfn", "../0000:01:00.0");
	for (unsigned i = 2; i < 40; i++) { /* in no order */
		snprintf(name, sizeof(name), "0000:01:00.0/virtfn%u", i);
		tree_link(&tree, name, "../0000:01:00.0");
	}
	tree_link(&tree, "0000:01:00.0/virtfn-1", "../0000:01:00.0");
	tree_link(&tree, "0000:01:00.0/virtfn", "../0000:01:00.0");
	tree_write(&tree, "0000:01:00.0/sriov_totalvfs", "65535\n");
	look("0000:01:00.0", "0000:01:00.0");
	assert_string_equal(value(FIELD_FUNCTION), "virtual");
	assert_string_equal(value(FIELD_PHYSICAL_FUNCTION), "0000:01:00.0");
	assert_string_equal(value(FIELD_VF_INDEX), "2");
}

static void a_thousand_vfs_have_their_index(void **state)
{
	char name[64];
	char target[64];

	(void)state;
	write_device("0000:06:1f.7");
	tree_link(&tree, "0000:06:1f.7/physfn", "../0000:01:00.0");
	tree_write(&tree, "0000:01:00.0/sriov_totalvfs", "1024\n");
	for (unsigned i = 0; i < 1024; i++) {
		snprintf(name, sizeof(name), "0000:01:00.0/virtfn%u", i);
		snprintf(target, sizeof(target), "../0000:%02x:%02x.%u", 3 + i / 256, i / 8 % 32,
			i % 8);
		tree_link(&tree, name, target);
	}
	look("0000:06:1f.7", "0000:06:1f.7");
	assert_string_equal(value(FIELD_VF_INDEX), "1023");
}

static void interfaces_beyond_a_configuration_are_left_out(void **state)
{
	char name[64];
	char target[64];
	struct buffer want = {0};

	(void)state;
	write_device("d");
	for (unsigned i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "d/1-2:1.%u/driver", i);
		snprintf(target, sizeof(target), "drivers/driver%u", i);
		tree_link(&tree, name, target);
		if (i < 256)
			buffer_format(&want, "%sdriver%u", i ? "," : "", i);
	}
	look("d", "0000:01:00.0");
	assert_string_equal(value(FIELD_INTERFACE_DRIVERS), buffer_string(&want));
	buffer_done(&want);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(attributes_of_other_types_are_absent),
		TEST(names_of_drivers_are_clean),
		TEST(a_function_may_be_its_own_pf),
		TEST(a_thousand_vfs_have_their_index),
		TEST(interfaces_beyond_a_configuration_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
