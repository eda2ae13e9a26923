/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both readers of fields on folders made by the test: what no recording has. */
#include "io/probe/probe_pci.h"
#include "io/probe/probe_usb.h"
#include "lib/tree.h"
#include "lib/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct tree tree;
static struct text_pool pool;
static struct folder folder;
static struct names *names;
static struct usb_names usb_names;
static struct facts *facts;

static const char usb_ids[] = "\n# a list\n"
			      "0001  First Maker\n"
			      "\t0002  Not this one\n"
			      "\t\t0003  Nor this interface\n"
			      "046d  Logitech, Inc.\n"
			      "# between\n"
			      "\tc52b  Unifying Receiver\r\n"
			      "\tc52c  Later\n"
			      "046e  Next Maker\n"
			      "\tc53f  Not Logitech's\n"
			      "C 03  Human Interface Device\n"
			      "\t01  Boot\n";

static int set_up(void **state)
{
	(void)state;
	tree_make(&tree);
	names = names_new(&pool);
	buffer_add_string(&usb_names.list, usb_ids);
	usb_names.read = true;
	facts = facts_new(text_intern_string(&pool, "test:device"), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	facts_unref(facts);
	names_free(names);
	usb_names_done(&usb_names);
	text_pool_done(&pool);
	tree_remove(&tree);
	return 0;
}

/* The folder `below` of the tree plays the device `name`. */
static void set_folder(const char *below, const char *name)
{
	folder = (struct folder){
		.descriptor = openat(tree.descriptor, below, O_DIRECTORY | O_CLOEXEC)};
	assert_true(folder.descriptor >= 0);
	snprintf(folder.path, sizeof(folder.path), "/sys/bus/x/devices/%s", name);
}

static bool look_pci(const char *below, const char *name)
{
	bool complete;

	set_folder(below, name);
	complete = probe_pci(names, &pool, &folder, NULL, facts);
	close(folder.descriptor);
	return complete;
}

static bool look_usb_again(const char *name, const struct facts *known)
{
	bool complete;

	set_folder(".", name);
	complete = probe_usb(&usb_names, &pool, &folder, known, facts);
	close(folder.descriptor);
	return complete;
}

static bool look_usb(const char *name)
{
	return look_usb_again(name, NULL);
}

static void assert_field(enum field field, const char *want)
{
	const struct text *value = facts_value(facts, field);

	if (!want && value)
		fail_msg("%s: %s", field_describe(field)->name, value->bytes);
	if (want && !value)
		fail_msg("%s is absent", field_describe(field)->name);
	if (want)
		assert_string_equal(value->bytes, want);
}

static void write_pci(const char *below, const char *vendor, const char *device, const char *class)
{
	char name[64];

	snprintf(name, sizeof(name), "%s/vendor", below);
	tree_write(&tree, name, vendor);
	snprintf(name, sizeof(name), "%s/device", below);
	tree_write(&tree, name, device);
	snprintf(name, sizeof(name), "%s/class", below);
	tree_write(&tree, name, class);
}

static void unknown_ids_read_as_lspci_prints_them(void **state)
{
	(void)state;
	write_pci("d", "0xabcc\n", "0x0d57\n", "0xfe1234\n");
	assert_true(look_pci("d", "0000:01:00.0"));
	assert_field(FIELD_VENDOR, "Vendor abcc");
	assert_field(FIELD_DEVICE, "Device 0d57");
	assert_field(FIELD_NAME, "Vendor abcc Device 0d57");
	assert_field(FIELD_CLASS, "Class fe12");
	assert_field(FIELD_CLASS_HEX, "fe1234");
	assert_field(FIELD_DEVICE_TYPE, "fe");
	assert_field(FIELD_VENDOR_DEVICE, "abcc:0d57");
	assert_field(FIELD_SLOT, "0000:01:00.0");
	assert_field(FIELD_DRIVER, "");
	assert_field(FIELD_FUNCTION, "plain");
	assert_field(FIELD_SUBSYSTEM_VENDOR_DEVICE, NULL);
	assert_field(FIELD_REVISION, NULL);
	assert_field(FIELD_NUMA_NODE, NULL);
	assert_field(FIELD_IOMMU_GROUP, NULL);
	assert_null(facts->bound);
	assert_string_equal(facts->name->bytes, "Vendor abcc Device 0d57");
}

static void a_function_has_all_its_fields(void **state)
{
	(void)state;
	write_pci("d", "0x8086\n", "0x10c9\n", "0x020000\n");
	tree_write(&tree, "d/subsystem_vendor", "0x1af4\n");
	tree_write(&tree, "d/subsystem_device", "0x1100\n");
	tree_write(&tree, "d/revision", "0x0A\n");
	tree_write(&tree, "d/numa_node", "1\n");
	tree_write(&tree, "d/sriov_totalvfs", "7\n");
	tree_link(&tree, "d/driver", "../../../bus/pci/drivers/igb");
	tree_link(&tree, "d/iommu_group", "../../../kernel/iommu_groups/42");
	assert_true(look_pci("d", "0000:01:00.0"));
	assert_field(FIELD_VENDOR, "Intel Corporation");
	assert_field(FIELD_CLASS, "Ethernet controller");
	assert_field(FIELD_SUBSYSTEM_VENDOR_DEVICE, "1af4:1100");
	assert_field(FIELD_REVISION, "0a");
	assert_field(FIELD_NUMA_NODE, "1");
	assert_field(FIELD_IOMMU_GROUP, "42");
	assert_field(FIELD_DRIVER, "igb");
	assert_field(FIELD_FUNCTION, "physical");
	assert_field(FIELD_PF_NAME, NULL);
	assert_string_equal(facts->bound->bytes, "igb");
}

static void a_pci_device_needs_vendor_device_and_class(void **state)
{
	static const char *const mandatory[] = {"d/vendor", "d/device", "d/class"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		write_pci("d", "0x8086\n", "0x10c9\n", "0x020000\n");
		assert_true(look_pci("d", "0000:01:00.0"));
		tree_write(&tree, mandatory[i], "garbage\n");
		assert_false(look_pci("d", "0000:01:00.0"));
		assert_int_equal(unlinkat(tree.descriptor, mandatory[i], 0), 0);
		assert_false(look_pci("d", "0000:01:00.0"));
	}
}

/* Two VFs of a PF, a stride of two apart, as igb's are. */
static void write_virtual_functions(void)
{
	write_pci("pf", "0x8086\n", "0x10c9\n", "0x020000\n");
	tree_write(&tree, "pf/sriov_totalvfs", "7\n");
	tree_link(&tree, "pf/virtfn0", "../0000:01:10.0");
	tree_link(&tree, "pf/virtfn1", "../0000:01:10.2");
	write_pci("0000:01:10.2", "0x8086\n", "0x10ca\n", "0x020000\n");
	tree_link(&tree, "0000:01:00.0", "pf");
	tree_link(&tree, "0000:01:10.2/physfn", "../0000:01:00.0");
}

static void a_vf_has_what_its_pf_has(void **state)
{
	(void)state;
	write_virtual_functions();
	tree_write(&tree, "pf/net/eth1/address", "");
	tree_write(&tree, "pf/net/eth0/address", "");
	tree_write(&tree, "pf/net/eth2/address", "");
	assert_true(look_pci("0000:01:10.2", "0000:01:10.2"));
	assert_field(FIELD_FUNCTION, "virtual");
	assert_field(FIELD_PHYSICAL_FUNCTION, "0000:01:00.0");
	assert_field(FIELD_VF_INDEX, "1");
	assert_field(FIELD_PF_NAME, "eth0");
	assert_string_equal(facts->parent->bytes, "pci:0000:01:00.0");
}

static void a_virtio_pf_has_its_interface_below_the_virtio_device(void **state)
{
	(void)state;
	write_virtual_functions();
	tree_write(&tree, "pf/virtio3/net/ens4/address", "");
	tree_write(&tree, "pf/virtio3/net/ens3/address", "");
	tree_write(&tree, "pf/virtio-pmd/net/ens1/address", "");
	assert_true(look_pci("0000:01:10.2", "0000:01:10.2"));
	assert_field(FIELD_PF_NAME, "ens3");
}

/* Linux makes a VF's links after it, and takes them away before it. */
static void a_vf_without_its_links_is_unsettled(void **state)
{
	(void)state;
	write_pci("pf", "0x8086\n", "0x10c9\n", "0x020000\n");
	tree_link(&tree, "0000:01:00.0", "pf");
	write_pci("0000:01:10.2", "0x8086\n", "0x10ca\n", "0x020000\n");
	/* older than 5.13: it cannot be told from a card of its own */
	assert_true(look_pci("0000:01:10.2", "0000:01:10.2"));
	assert_false(folder.unsettled);
	assert_field(FIELD_FUNCTION, "plain");
	tree_write(&tree, "0000:01:10.2/sriov_vf_msix_count", "");
	assert_true(look_pci("0000:01:10.2", "0000:01:10.2"));
	assert_true(folder.unsettled);
	assert_field(FIELD_FUNCTION, "virtual");
	tree_link(&tree, "0000:01:10.2/physfn", "../0000:01:00.0");
	assert_true(look_pci("0000:01:10.2", "0000:01:10.2"));
	assert_true(folder.unsettled);
	tree_link(&tree, "pf/virtfn1", "../0000:01:10.2");
	assert_true(look_pci("0000:01:10.2", "0000:01:10.2"));
	assert_false(folder.unsettled);
	assert_field(FIELD_VF_INDEX, "1");
}

static void the_index_is_read_never_computed(void **state)
{
	static const struct {
		const char *offset;
		const char *stride;
	} cases[] = {
		{"128\n", "2\n"},     /* right: 01:10.2 is the second */
		{"128\n", "1\n"},     /* says 2, where another has its link */
		{"0\n", "1\n"},	      /* says 130, where none is */
		{"65535\n", "2\n"},   /* before the first */
		{"128\n", "0\n"},     /* no stride */
		{"garbage\n", "2\n"}, /* not to be read */
	};

	(void)state;
	write_virtual_functions();
	tree_link(&tree, "pf/virtfn2", "../0000:01:10.4");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tree_write(&tree, "pf/sriov_offset", cases[i].offset);
		tree_write(&tree, "pf/sriov_stride", cases[i].stride);
		assert_true(look_pci("0000:01:10.2", "0000:01:10.2"));
		assert_field(FIELD_VF_INDEX, "1");
	}
}

static void only_a_vf_of_a_nic_is_of_two_kinds(void **state)
{
	static const struct {
		const char *class;
		bool nic;
	} cases[] = {{"0x020000\n", true}, {"0x020700\n", true}, {"0x028000\n", true},
		{"0x030200\n", false}, {"0x010802\n", false}};

	(void)state;
	write_virtual_functions();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		facts->kinds = KIND_MASK(KIND_PCI);
		write_pci("0000:01:10.2", "0x8086\n", "0x10ca\n", cases[i].class);
		assert_true(look_pci("0000:01:10.2", "0000:01:10.2"));
		assert_int_equal(facts->kinds,
			KIND_MASK(KIND_PCI) | (cases[i].nic ? KIND_MASK(KIND_SRIOV_NIC) : 0));
	}
	facts->kinds = KIND_MASK(KIND_PCI);
	assert_true(look_pci("pf", "0000:01:00.0"));
	assert_int_equal(facts->kinds, KIND_MASK(KIND_PCI));
}

static void a_vf_whose_pf_is_not_ready_has_no_index(void **state)
{
	(void)state;
	write_virtual_functions();
	assert_int_equal(unlinkat(tree.descriptor, "pf/virtfn1", 0), 0);
	assert_true(look_pci("0000:01:10.2", "0000:01:10.2"));
	assert_field(FIELD_FUNCTION, "virtual");
	assert_field(FIELD_PHYSICAL_FUNCTION, "0000:01:00.0");
	assert_field(FIELD_VF_INDEX, NULL);
	assert_field(FIELD_PF_NAME, NULL);
}

static void write_usb(void)
{
	tree_write(&tree, "busnum", "1\n");
	tree_write(&tree, "devnum", "12\n");
	tree_write(&tree, "idVendor", "046d\n");
	tree_write(&tree, "idProduct", "c52b\n");
	tree_write(&tree, "version", " 2.00\n");
	tree_write(&tree, "speed", "1.5\n");
}

static void a_usb_device_needs_numbers_and_ids(void **state)
{
	static const char *const mandatory[] = {"busnum", "devnum", "idVendor", "idProduct"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		write_usb();
		assert_true(look_usb("1-2"));
		tree_write(&tree, mandatory[i], "garbage\n");
		assert_false(look_usb("1-2"));
		assert_int_equal(unlinkat(tree.descriptor, mandatory[i], 0), 0);
		assert_false(look_usb("1-2"));
	}
}

static void a_usb_device_may_lack_the_rest(void **state)
{
	(void)state;
	write_usb();
	tree_write(&tree, "serial", "\n");
	assert_true(look_usb("1-2.1"));
	assert_field(FIELD_BUS, "1");
	assert_field(FIELD_DEVICE_NUMBER, "12");
	assert_field(FIELD_PATH, "1-2.1");
	assert_field(FIELD_VENDOR_ID, "046d");
	assert_field(FIELD_MODEL_ID, "c52b");
	assert_field(FIELD_USB_VERSION, "2.0");
	assert_field(FIELD_SPEED, "1.5");
	assert_field(FIELD_SERIAL, NULL);
	assert_field(FIELD_MANUFACTURER, NULL);
	assert_field(FIELD_PRODUCT, NULL);
	assert_field(FIELD_INTERFACE_DRIVERS, "");
	assert_null(facts->bound);
	tree_write(&tree, "speed", "unknown\n");
	facts_set(facts, &pool, FIELD_SPEED, "unknown");
	assert_true(look_usb("1-2.1"));
	assert_field(FIELD_SPEED, NULL);
}

static void drivers_stand_in_interface_order(void **state)
{
	(void)state;
	write_usb();
	tree_link(&tree, "1-2:1.10/driver", "../drivers/cdc_acm");
	tree_link(&tree, "1-2:1.2/driver", "../drivers/snd-usb-audio");
	tree_link(&tree, "1-2:1.0/driver", "../drivers/usbhid");
	tree_link(&tree, "1-2:1.3/driver", "../drivers/usb");
	tree_link(&tree, "1-2:1.4/driver", "../drivers/usbhid");
	tree_write(&tree, "1-2:1.1/bInterfaceNumber", "01\n");
	tree_link(&tree, "1-2.1:1.0/driver", "../drivers/other-device");
	tree_link(&tree, "1-2:1.x/driver", "../drivers/no-number");
	tree_link(&tree, "1-2:1/driver", "../drivers/no-interface");
	tree_link(&tree, "1-0:1.0/driver", "../drivers/hub");
	assert_true(look_usb("1-2"));
	assert_field(FIELD_INTERFACE_DRIVERS, "usbhid,snd-usb-audio,usb,cdc_acm");
	assert_string_equal(facts->bound->bytes, "usbhid,snd-usb-audio,usb,cdc_acm");
	assert_true(look_usb("usb1"));
	assert_field(FIELD_INTERFACE_DRIVERS, "hub");
	assert_false(folder.unsettled);
	/* another configuration takes the place of this one */
	tree_link(&tree, "1-2:2.0/driver", "../drivers/usbhid");
	assert_true(look_usb("1-2"));
	assert_true(folder.unsettled);
}

/* They are behind a lock that a driver may hold for seconds, and never change. */
static void strings_that_are_known_are_not_read(void **state)
{
	struct facts *known;

	(void)state;
	write_usb();
	tree_write(&tree, "serial", "S1\n");
	tree_write(&tree, "product", "Stick\n");
	assert_true(look_usb("1-2"));
	known = facts;
	facts = facts_new(text_ref(known->id), known->kinds);
	tree_write(&tree, "serial", "read\n");
	tree_write(&tree, "product", "read\n");
	tree_write(&tree, "manufacturer", "late\n");
	tree_write(&tree, "speed", "480\n");
	assert_true(look_usb_again("1-2", known));
	assert_field(FIELD_SERIAL, "S1");
	assert_field(FIELD_PRODUCT, "Stick");
	assert_field(FIELD_MANUFACTURER, "late");
	assert_field(FIELD_SPEED, "480");
	facts_unref(known);
}

static void hostile_strings_become_clean_text(void **state)
{
	static const char serial[] = "a\0b\x1b[31m\xff\xc3\xa9\n";
	char page[4097];

	(void)state;
	memset(page, 'x', sizeof(page) - 1);
	page[sizeof(page) - 1] = '\0';
	write_usb();
	tree_write_bytes(&tree, "serial", serial, sizeof(serial) - 1);
	tree_write(&tree, "product", page);
	assert_true(look_usb("1-2"));
	assert_field(FIELD_SERIAL, "a\xef\xbf\xbd"
				   "b\xef\xbf\xbd[31m\xef\xbf\xbd\xc3\xa9");
	assert_field(FIELD_PRODUCT, page);
}

static void the_name_of_a_usb_device(void **state)
{
	static const struct {
		const char *vendor;
		const char *product_id;
		const char *manufacturer;
		const char *product;
		const char *want;
	} cases[] = {
		{"046d", "c52b", "Own Maker", "Own Thing", "Own Maker Own Thing"},
		{"046d", "c52b", "", "", "Logitech, Inc. Unifying Receiver"},
		{"046d", "c52b", "Own Maker", "", "Own Maker Unifying Receiver"},
		{"046d", "c52b", "", "Own Thing", "Logitech, Inc. Own Thing"},
		{"046d", "c53f", "", "", "Logitech, Inc."}, /* the id of another vendor's */
		{"046d", "0002", "", "", "Logitech, Inc."},
		{"ffff", "c52b", "", "Own Thing", "Own Thing"},
		{"ffff", "c52b", "", "", "ffff:c52b"},
		{"0001", "0003", "", "", "First Maker"}, /* an interface's id is no product's */
	};

	(void)state;
	write_usb();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tear_down(NULL);
		set_up(NULL);
		write_usb();
		tree_write(&tree, "idVendor", cases[i].vendor);
		tree_write(&tree, "idProduct", cases[i].product_id);
		tree_write(&tree, "manufacturer", cases[i].manufacturer);
		tree_write(&tree, "product", cases[i].product);
		assert_true(look_usb("1-2"));
		assert_string_equal(facts->name->bytes, cases[i].want);
	}
}

/* More ids than are kept: each has its name, and no more than the bound are remembered. */
static void any_number_of_ids_has_names(void **state)
{
	(void)state;
	for (unsigned device = 0; device < 5000; device++) {
		char want[sizeof("Device 0123")];

		snprintf(want, sizeof(want), "Device %04x", device);
		assert_string_equal(names_device(names, 0xabcc, device)->bytes, want);
	}
	assert_true(pool.texts.count < 4200);
	assert_string_equal(names_vendor(names, 0x8086)->bytes, "Intel Corporation");
	assert_ptr_equal(names_vendor(names, 0x8086), names_vendor(names, 0x8086));
}

static void assert_vendor(const char *const *places, const char *want)
{
	struct usb_names list = {0};
	struct buffer name = {0};

	usb_names_read(&list, places);
	assert_int_equal(usb_names_vendor(&list, 0x0001, &name), want != NULL);
	assert_string_equal(buffer_string(&name), want ? want : "");
	buffer_done(&name);
	usb_names_done(&list);
}

static void usb_ids_is_read_where_it_is(void **state)
{
	char first[PATH_MAX + 8];
	char last[PATH_MAX + 8];
	const char *const places[] = {first, "/nonexistent/usb.ids", last, NULL};

	(void)state;
	snprintf(first, sizeof(first), "%s/first", tree.path);
	snprintf(last, sizeof(last), "%s/last", tree.path);
	assert_vendor(places, NULL);
	tree_write(&tree, "last", "0001  Last\n");
	assert_vendor(places, "Last");
	tree_write(&tree, "first", "0001  First\n");
	assert_vendor(places, "First");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unknown_ids_read_as_lspci_prints_them),
		TEST(a_function_has_all_its_fields),
		TEST(a_pci_device_needs_vendor_device_and_class),
		TEST(a_vf_has_what_its_pf_has),
		TEST(a_virtio_pf_has_its_interface_below_the_virtio_device),
		TEST(a_vf_without_its_links_is_unsettled),
		TEST(the_index_is_read_never_computed),
		TEST(only_a_vf_of_a_nic_is_of_two_kinds),
		TEST(a_vf_whose_pf_is_not_ready_has_no_index),
		TEST(a_usb_device_needs_numbers_and_ids),
		TEST(a_usb_device_may_lack_the_rest),
		TEST(drivers_stand_in_interface_order),
		TEST(strings_that_are_known_are_not_read),
		TEST(hostile_strings_become_clean_text),
		TEST(the_name_of_a_usb_device),
		TEST(any_number_of_ids_has_names),
		TEST(usb_ids_is_read_where_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
