/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libudev is used for what only it knows: udevd's messages, which are its private format, and
 * udevd's database. Not for sysfs: a device object caches attributes for its whole life, absent
 * ones too, and its enumeration costs five times a walk of our own.
 */
#include "io/udev/monitor.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "io/udev/filter.h"
#include "model/facts.h"

#include <libudev.h>
#include <limits.h>

struct monitor {
	struct udev *udev;
	struct udev_monitor *events;
};

/* libudev's results: -errno, or -1 from old functions; 0 and more is success, even of a setter. */
static int arm(struct udev_monitor *events, size_t receive_buffer)
{
	static const char *const subsystems[] = {
		"net", "mdev", "vfio-dev"}; /* beside those of kinds */
	int result = 0;

	for (enum kind kind = 0; kind < KIND_COUNT && result >= 0; kind++)
		if (kind_describe(kind)->subsystem)
			result = udev_monitor_filter_add_match_subsystem_devtype(
				events, kind_describe(kind)->subsystem, NULL);
	for (size_t i = 0; i < ARRAY_LENGTH(subsystems) && result >= 0; i++)
		result = udev_monitor_filter_add_match_subsystem_devtype(
			events, subsystems[i], NULL);
	/* without CAP_NET_ADMIN this fails, and has set as much as is permitted */
	if (receive_buffer > 0)
		udev_monitor_set_receive_buffer_size(
			events, receive_buffer > INT_MAX ? INT_MAX : (int)receive_buffer);
	if (result >= 0)
		result = udev_monitor_enable_receiving(events);
	if (result >= 0) /* without it we wake up more often, and that is all */
		filter_prepend(udev_monitor_get_fd(events));
	return result < 0 ? result : 0;
}

int monitor_new(size_t receive_buffer, struct monitor **ret_monitor)
{
	struct monitor *monitor = memory_allocate(sizeof(*monitor));
	int result;

	monitor->udev = udev_new();
	monitor->events =
		monitor->udev ? udev_monitor_new_from_netlink(monitor->udev, "udev") : NULL;
	result = monitor->events ? arm(monitor->events, receive_buffer) : error_from_errno();
	if (result < 0) {
		monitor_free(monitor);
		return result;
	}
	*ret_monitor = monitor;
	return 0;
}

struct monitor *monitor_free(struct monitor *monitor)
{
	if (!monitor)
		return NULL;
	udev_monitor_unref(monitor->events);
	udev_unref(monitor->udev);
	free(monitor);
	return NULL;
}

int monitor_descriptor(const struct monitor *monitor)
{
	return udev_monitor_get_fd(monitor->events);
}

static void copy_properties(struct udev_device *device, const struct vector *properties,
	struct text_pool *pool, struct property_list *list)
{
	property_list_done(list);
	for (size_t i = 0; i < properties->count; i++) {
		struct text *key = properties->items[i];
		const char *value = udev_device_get_property_value(device, key->bytes);

		if (value)
			property_list_add(list, text_ref(key), facts_clean_text(pool, value));
	}
}

static void add_looks(struct udev_device *device, const struct vector *properties,
	struct looking *looks, struct uevent_places *places)
{
	struct uevent event = {
		.action = udev_device_get_action(device),
		.devpath = udev_device_get_devpath(device),
		.devpath_old = udev_device_get_property_value(device, "DEVPATH_OLD"),
		.subsystem = udev_device_get_subsystem(device),
		.devtype = udev_device_get_devtype(device),
	};
	int64_t now = clock_monotonic();

	uevent_find_places(&event, places);
	for (size_t i = 0; i < places->count; i++) {
		struct look *look = uevent_add_look(places, i, looks, now);

		/* the first place is where the device is, another where it was */
		if (i > 0 || !uevent_is_of_device(&event))
			continue;
		/* udevd sends unbind and remove without what its database has, as ID_SERIAL */
		look->properties_state = uevent_is_farewell(&event) ? LOOK_PROPERTIES_STALE
								    : LOOK_PROPERTIES_BROUGHT;
		if (look->properties_state == LOOK_PROPERTIES_BROUGHT)
			copy_properties(device, properties, looks->pool, &look->properties);
		else
			property_list_done(&look->properties);
	}
}

int monitor_receive(struct monitor *monitor, const struct vector *properties, struct looking *looks,
	struct uevent_places *ret_places, uint64_t *ret_number)
{
	struct udev_device *device;

	errno = 0;
	device = udev_monitor_receive_device(monitor->events);
	if (!device)
		return error_from_errno();
	add_looks(device, properties, looks, ret_places);
	*ret_number = udev_device_get_seqnum(device);
	udev_device_unref(device);
	return 0;
}

int monitor_read_properties(struct monitor *monitor, const char *id,
	const struct vector *properties, struct text_pool *pool,
	struct property_list *ret_properties)
{
	const char *name;
	enum kind kind = place_of_id(id, &name);
	struct udev_device *device;

	if (kind == KIND_COUNT)
		return -EINVAL;
	errno = 0;
	device = udev_device_new_from_subsystem_sysname(
		monitor->udev, kind_describe(kind)->subsystem, name);
	if (!device)
		return error_from_errno();
	copy_properties(device, properties, pool, ret_properties);
	udev_device_unref(device);
	return 0;
}
