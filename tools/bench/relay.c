/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What hostdevd is held against: the plainest program that passes udev's events on, or lists
 * devices. `relay MODE BYTES` writes lines of so many bytes to descriptor 3 until it is killed.
 *
 *   bare       libudev in a libevent loop, and one send() for each event
 *   reads      reads besides what our probe reads of a PCI function, below the folder's
 *              descriptor, and has libpci name the ids
 *   libudev    the same with libudev's attributes, as a plain program would
 *   enumerate  no events: lists all PCI functions by libudev with the reads of `libudev`, and ends
 *
 * It keeps nothing, compares nothing, and never looks whether the device is still the same.
 */
#include <event2/event.h>
#include <fcntl.h>
#include <libudev.h>
#include <pci/pci.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SUBSCRIBER 3
#define VALUE_SIZE 256
#define MOST_BYTES 65536

enum value {
	VALUE_VENDOR,
	VALUE_DEVICE,
	VALUE_CLASS,
	VALUE_SUBSYSTEM_VENDOR,
	VALUE_SUBSYSTEM_DEVICE,
	VALUE_REVISION,
	VALUE_NUMA_NODE,
	VALUE_TOTAL_FUNCTIONS,
	VALUE_DRIVER, /* from here on links */
	VALUE_IOMMU_GROUP,
	VALUE_PHYSICAL_FUNCTION,
	VALUE_COUNT,
};

static const char *const value_names[VALUE_COUNT] = {"vendor", "device", "class",
	"subsystem_vendor", "subsystem_device", "revision", "numa_node", "sriov_totalvfs", "driver",
	"iommu_group", "physfn"};

/* Folders of vGPU types, of which only the presence counts here. */
static const char *const vgpu_names[] = {"mdev_supported_types", "nvidia/creatable_vgpu_types"};

struct relay {
	struct udev *udev;
	struct udev_monitor *monitor;
	struct pci_access *access;
	void (*read)(struct udev_device *device, char values[VALUE_COUNT][VALUE_SIZE]);
	size_t bytes;
	char line[MOST_BYTES];
};

static void check(bool holds, const char *what)
{
	if (holds)
		return;
	perror(what);
	exit(1);
}

__attribute__((noreturn, format(printf, 1, 2))) static void give_up(char *message, ...)
{
	fprintf(stderr, "libpci: %s\n", message);
	exit(1);
}

__attribute__((format(printf, 1, 2))) static void ignore(char *message, ...)
{
	(void)message;
}

static void read_attribute(int folder, const char *name, char value[VALUE_SIZE])
{
	int file = openat(folder, name, O_RDONLY | O_CLOEXEC);
	ssize_t length = file < 0 ? 0 : read(file, value, VALUE_SIZE - 1);

	value[length > 0 ? length : 0] = '\0';
	if (file >= 0)
		close(file);
}

static void read_link(int folder, const char *name, char value[VALUE_SIZE])
{
	ssize_t length = readlinkat(folder, name, value, VALUE_SIZE - 1);

	value[length > 0 ? length : 0] = '\0';
}

static void read_directly(struct udev_device *device, char values[VALUE_COUNT][VALUE_SIZE])
{
	int folder = open(udev_device_get_syspath(device), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (enum value value = 0; value < VALUE_DRIVER; value++)
		read_attribute(folder, value_names[value], values[value]);
	for (enum value value = VALUE_DRIVER; value < VALUE_COUNT; value++)
		read_link(folder, value_names[value], values[value]);
	for (size_t i = 0; i < sizeof(vgpu_names) / sizeof(vgpu_names[0]); i++)
		faccessat(folder, vgpu_names[i], F_OK, 0);
	close(folder);
}

static void read_by_libudev(struct udev_device *device, char values[VALUE_COUNT][VALUE_SIZE])
{
	for (enum value value = 0; value < VALUE_COUNT; value++) {
		/* for links this is the last component of where they lead */
		const char *found = udev_device_get_sysattr_value(device, value_names[value]);

		snprintf(values[value], VALUE_SIZE, "%s", found ? found : "");
	}
	for (size_t i = 0; i < sizeof(vgpu_names) / sizeof(vgpu_names[0]); i++)
		udev_device_get_sysattr_value(device, vgpu_names[i]);
}

/* Puts what was read, and the names of the ids, into the line. */
static void describe(struct relay *relay, char values[VALUE_COUNT][VALUE_SIZE])
{
	int vendor = (int)strtol(values[VALUE_VENDOR], NULL, 16);
	int device = (int)strtol(values[VALUE_DEVICE], NULL, 16);
	int class = (int)strtol(values[VALUE_CLASS], NULL, 16) >> 8;
	char names[3][VALUE_SIZE];
	size_t length = 0;

	pci_lookup_name(relay->access, names[0], VALUE_SIZE, PCI_LOOKUP_VENDOR, vendor);
	pci_lookup_name(relay->access, names[1], VALUE_SIZE, PCI_LOOKUP_DEVICE, vendor, device);
	pci_lookup_name(relay->access, names[2], VALUE_SIZE, PCI_LOOKUP_CLASS, class);
	for (size_t i = 0; i < 3; i++)
		length += (size_t)snprintf(
			relay->line + length, MOST_BYTES - length, "\"%s\",", names[i]);
	for (enum value value = 0; value < VALUE_COUNT; value++)
		length += (size_t)snprintf(relay->line + length, MOST_BYTES - length,
			"\"%s\":\"%s\",", value_names[value], values[value]);
}

static void pass_on(struct relay *relay, struct udev_device *device)
{
	char values[VALUE_COUNT][VALUE_SIZE];

	snprintf(relay->line, MOST_BYTES, "%s %s ", udev_device_get_action(device),
		udev_device_get_devpath(device));
	if (relay->read) {
		relay->read(device, values);
		describe(relay, values);
	}
	relay->line[strlen(relay->line)] = ' ';
	relay->line[relay->bytes - 1] = '\0';
	check(send(SUBSCRIBER, relay->line, relay->bytes, 0) == (ssize_t)relay->bytes, "send");
	relay->line[relay->bytes - 1] = ' ';
}

static void on_readable(evutil_socket_t descriptor, short what, void *context)
{
	struct relay *relay = context;
	struct udev_device *device = udev_monitor_receive_device(relay->monitor);

	(void)descriptor;
	(void)what;
	if (!device)
		return;
	pass_on(relay, device);
	udev_device_unref(device);
}

static void follow(struct relay *relay)
{
	struct event_base *base = event_base_new();
	struct event *readable;

	relay->monitor = udev_monitor_new_from_netlink(relay->udev, "udev");
	check(relay->monitor, "monitor");
	udev_monitor_filter_add_match_subsystem_devtype(relay->monitor, "pci", NULL);
	check(udev_monitor_enable_receiving(relay->monitor) >= 0, "receiving");
	readable = event_new(base, udev_monitor_get_fd(relay->monitor), EV_READ | EV_PERSIST,
		on_readable, relay);
	event_add(readable, NULL);
	check(send(SUBSCRIBER, "", 1, 0) == 1, "send"); /* ready */
	event_base_dispatch(base);
}

static void enumerate(struct relay *relay)
{
	struct udev_enumerate *found = udev_enumerate_new(relay->udev);
	struct udev_list_entry *entry;
	unsigned count = 0;

	udev_enumerate_add_match_subsystem(found, "pci");
	udev_enumerate_scan_devices(found);
	udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(found))
	{
		char values[VALUE_COUNT][VALUE_SIZE];
		struct udev_device *device =
			udev_device_new_from_syspath(relay->udev, udev_list_entry_get_name(entry));

		check(device, "device");
		relay->read(device, values);
		describe(relay, values);
		udev_device_unref(device);
		count++;
	}
	udev_enumerate_unref(found);
	printf("%u\n", count);
}

int main(int argc, char **argv)
{
	const char *mode = argc == 3 ? argv[1] : "";
	struct relay *relay = calloc(1, sizeof(*relay));
	size_t bytes = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;

	check(relay && bytes > 0 && bytes <= MOST_BYTES, "relay MODE BYTES");
	relay->bytes = bytes;
	memset(relay->line, ' ', sizeof(relay->line));
	relay->udev = udev_new();
	if (strcmp(mode, "reads") == 0)
		relay->read = read_directly;
	else if (strcmp(mode, "bare") != 0)
		relay->read = read_by_libudev;
	relay->access = pci_alloc();
	relay->access->id_lookup_mode = 0;
	relay->access->error = give_up;
	relay->access->warning = relay->access->debug = ignore;
	if (relay->read)
		pci_load_name_list(relay->access);
	if (strcmp(mode, "enumerate") == 0)
		enumerate(relay);
	else
		follow(relay);
	return 0;
}
