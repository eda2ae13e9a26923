/* SPDX-License-Identifier: GPL-2.0-or-later */
/* systemd-udevd's events and its database, through libudev: named in monitor.c and nowhere else. */
#pragma once

#include "base/vector.h"
#include "devices/looking.h"
#include "io/udev/uevent.h"

struct monitor;

/* `receive_buffer` 0: libudev's own size. Negative: -errno. */
int monitor_new(size_t receive_buffer, struct monitor **ret_monitor);
struct monitor *monitor_free(struct monitor *monitor);
int monitor_descriptor(const struct monitor *monitor);

/* Receives one event, adds what it concerns, says so, and its SEQNUM. -EAGAIN: none is there; else
 * -errno. */
int monitor_receive(struct monitor *monitor, const struct vector *properties, struct looking *looks,
	struct uevent_places *ret_places, uint64_t *ret_number);

/* As source_read_properties. */
int monitor_read_properties(struct monitor *monitor, const char *id,
	const struct vector *properties, struct text_pool *pool,
	struct property_list *ret_properties);
