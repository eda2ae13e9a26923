/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One context, for one list. Its discovery cannot be switched off
 * (LIBUSB_OPTION_NO_DEVICE_DISCOVERY lists nothing), so libusb_init starts libusb's own thread and
 * netlink socket; libusb_exit ends both before it returns. A context that is kept would be a second
 * event source.
 */
#include "io/probe/opinion.h"

#include "base/memory.h"

#include <errno.h>
#include <libusb.h>
#include <stdio.h>

#define MOST_PORTS 7 /* USB's own bound on tiers */

static int outcome(ssize_t error)
{
	switch (error) {
	case LIBUSB_ERROR_NO_MEM:
		return -ENOMEM;
	case LIBUSB_ERROR_ACCESS:
		return -EACCES;
	default:
		return -EIO;
	}
}

/* sysfs' name for it, from the ports on the way; mistaken if libusb does not list a hub on it. */
static void set_id(libusb_device *device, unsigned bus, struct opinion *opinion)
{
	uint8_t ports[MOST_PORTS];
	int count = libusb_get_port_numbers(device, ports, MOST_PORTS);
	int at;

	if (count < 0)
		return;
	at = snprintf(opinion->id, sizeof(opinion->id), "usb:%s%u", count > 0 ? "" : "usb", bus);
	for (int i = 0; i < count; i++)
		at += snprintf(opinion->id + at, sizeof(opinion->id) - (size_t)at, "%c%u",
			i ? '.' : '-', ports[i]);
}

static struct opinion *make_opinion(libusb_device *device)
{
	struct libusb_device_descriptor descriptor;
	struct opinion *opinion = memory_allocate(sizeof(*opinion));
	unsigned bus = libusb_get_bus_number(device);

	libusb_get_device_descriptor(device, &descriptor); /* kept by libusb: cannot fail */
	snprintf(opinion->form, sizeof(opinion->form), "%04x:%04x at bus %u device %u",
		descriptor.idVendor, descriptor.idProduct, bus, libusb_get_device_address(device));
	set_id(device, bus, opinion);
	return opinion;
}

int opinion_list(struct vector *ret_opinions)
{
	libusb_context *context;
	libusb_device **devices;
	ssize_t count = libusb_init(&context);

	if (count < 0)
		return outcome(count);
	count = libusb_get_device_list(context, &devices);
	for (ssize_t i = 0; i < count; i++)
		vector_add(ret_opinions, make_opinion(devices[i]));
	if (count >= 0)
		libusb_free_device_list(devices, 1);
	libusb_exit(context);
	return count < 0 ? outcome(count) : 0;
}
