/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A mocked machine, and results in TAP. */
#pragma once

#include "devices/looking.h"

#include <umockdev.h>

#define BRIDGE	  "/sys/devices/pci0000:00/0000:00:03.0"
#define PF	  BRIDGE "/0000:01:00.0"
#define VF	  BRIDGE "/0000:01:10.2"
#define ETH0	  PF "/net/eth0"
#define HCD	  "/sys/devices/pci0000:00/0000:00:05.0"
#define HUB	  HCD "/usb1"
#define STICK	  HUB "/1-2"
#define INTERFACE STICK "/1-2:1.0"
#define VIRTUAL	  "/sys/devices/virtual/net/veth0"

struct scene {
	UMockdevTestbed *testbed;
	struct text_pool pool;
	struct looking looks;
	unsigned count; /* of results */
	unsigned failed;
};

/*
 * The machine: a port with a NIC, its second VF and its interface; a controller with a root hub and
 * a stick with one interface; a virtual interface. Exits the process where the mock cannot be made.
 */
void scene_open(struct scene *scene);

/* The last result is whether every text was given back. Prints the plan; what main() returns. */
int scene_close(struct scene *scene);

/* Adds devices in umockdev's format, which sends an event for each. */
void scene_add(struct scene *scene, const char *recording);

/* The queued looks as one line: each id, and in brackets what properties an event brought. */
void scene_take_looks(struct scene *scene, char line[static 512]);

void scene_check(struct scene *scene, bool good, const char *what);
void scene_check_text(struct scene *scene, const char *got, const char *want, const char *what);
