/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All devices that there are: the names in one folder a bus. libudev's enumeration costs five
 * times. */
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "io/probe/probe.h"
#include "model/place.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

static int walk_kind(enum kind kind, struct looking *looks)
{
	char path[sizeof("/sys/bus//devices") + KIND_PREFIX_SIZE];
	char id[PLACE_ID_SIZE];
	struct dirent *entry;
	DIR *folder;
	int result;

	snprintf(path, sizeof(path), "/sys/bus/%s/devices", kind_describe(kind)->bus);
	folder = opendir(path);
	if (!folder)
		return errno == ENOENT ? 0 : error_from_errno();
	while ((errno = 0, entry = readdir(folder)))
		if (place_nearest(entry->d_name, strlen(entry->d_name), KIND_MASK(kind), id))
			looking_add(looks, id, CLOCK_NEVER);
	result = errno ? error_from_errno() : 0;
	closedir(folder);
	return result;
}

int probe_walk(struct looking *looks)
{
	int first = 0;

	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		int result = kind_describe(kind)->bus ? walk_kind(kind, looks) : 0;

		if (first == 0)
			first = result;
	}
	return first;
}
