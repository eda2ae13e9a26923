/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/station.h"

#include "base/clock.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct service_limits station_limits = {
	.message = 256 * 1024,
	.admin_message = 16 * 1024 * 1024,
	.connections = 4096,
	.connections_per_uid = 4096,
	.subscriber = 4096 * 1024,
	.ring = 65536,
};

void station_init(struct station *station, const char *rules)
{
	struct service_options options = {
		.claims = &station->world.claims,
		.status = &station->status,
		.rights = &station->rights,
		.limits = station_limits,
		.ring_bytes = STATION_RING_BYTES,
		.epoch = "bench",
	};

	*station = (struct station){.status = {.version = HOSTDEVD_VERSION, .monitor = "udev"}};
	world_init(&station->world);
	world_set_rules(&station->world, rules);
	if (loop_new(&station->loop) < 0)
		abort();
	options.base = loop_base(station->loop);
	station->service = service_new(&options);
	strcpy(station->folder, "/tmp/hostdevd-bench-XXXXXX");
	if (!mkdtemp(station->folder))
		abort();
	snprintf(station->path, sizeof(station->path), "%s/socket", station->folder);
}

void station_listen(struct station *station)
{
	int descriptor;

	if (listen_open(station->path, &(gid_t){0}, &station->place, &descriptor) < 0 ||
		service_listen(station->service, descriptor) < 0)
		abort();
}

static void remove_folder(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		unlinkat(dirfd(folder), entry->d_name, 0); /* `.` and `..` are refused */
	if (folder)
		closedir(folder);
	rmdir(path);
}

void station_done(struct station *station)
{
	service_free(station->service);
	remove_folder(station->folder);
	loop_free(station->loop);
	world_done(&station->world);
}

void station_publish(struct station *station)
{
	struct delta delta = {0};

	claims_settle(&station->world.claims, &delta);
	service_publish(station->service, &delta);
	delta_done(&delta);
}

void station_serve(struct station *station)
{
	service_serve(station->service, clock_monotonic());
}

void station_wait(struct station *station)
{
	int64_t now = clock_monotonic();

	if (loop_wait(station->loop,
		    service_is_busy(station->service) ? now : service_deadline(station->service)) <
		0)
		abort();
}
