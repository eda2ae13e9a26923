/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arrivals: the first half of the turn, from events to what the inventory knows. Events, a scan and
 * a resync all only ask for looks; a look reads the device, and what was read enters the devices.
 */
#pragma once

#include <stdint.h>

struct daemon;

/* Looks at every device, as at start: what sysfs lists, and what is known. */
void arrivals_scan(struct daemon *daemon, int64_t now);

/* Receives a batch of events; a source that is broken is replaced first. */
void arrivals_receive(struct daemon *daemon, int64_t now);

/* The turn's share of looking at devices. */
void arrivals_look(struct daemon *daemon);

/* Ends a resync that has looked at everything, and begins one that is due. */
void arrivals_follow_resync(struct daemon *daemon, int64_t now);

/* When there is something to be done; now if there is already. */
int64_t arrivals_deadline(const struct daemon *daemon, int64_t now);
