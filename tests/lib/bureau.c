/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/bureau.h"

#include "base/clock.h"
#include "claims/claims.h"
#include "lib/station.h"

#include <stdio.h>
#include <stdlib.h>

static void check(bool condition, const char *what)
{
	if (condition)
		return;
	perror(what);
	abort();
}

static void put_in_force(struct bureau *bureau, const char *rules)
{
	struct ruleset *ruleset = world_load(&bureau->world, rules);
	struct vector moves = {0};

	check(ruleset, "rules");
	world_put_in_force(bureau->claims, ruleset, &moves);
	bureau->claims->devices->rules_reloaded = false;
	move_list_done(&moves);
}

static void open_service(struct daemon *daemon)
{
	struct service_options options = {
		.base = loop_base(daemon->loop),
		.claims = &daemon->claims,
		.status = &daemon->status,
		.rights = &daemon->config.rights,
		.limits = station_limits,
		.ring_bytes = STATION_RING_BYTES,
		.epoch = "bench",
	};

	daemon->service = service_new(&options);
}

void bureau_init(struct bureau *bureau, const char *folder, const char *path, const char *rules)
{
	struct daemon *daemon = &bureau->daemon;

	*bureau = (struct bureau){.options = {.state = folder, .socket = path}};
	bureau->claims = &daemon->claims;
	daemon->options = &bureau->options;
	daemon->status = (struct status){.version = HOSTDEVD_VERSION, .monitor = "udev"};
	devices_init(&daemon->devices, &bureau->world.pool, &daemon->status.counters);
	claims_init(&daemon->claims, &daemon->devices);
	daemon->claims.rights = &daemon->config.rights;
	check(store_open(folder, &daemon->store) == 0, folder);
	check(requests_restore(daemon) == 0, folder);
	check(listen_open(path, &(gid_t){0}, &daemon->place, &daemon->listener) >= 0, path);
	check(loop_new(&daemon->loop) == 0, "loop");
	check(requests_start(daemon) == 0, "processes");
	bureau->loop = daemon->loop;
	put_in_force(bureau, rules);
	open_service(daemon);
}

void bureau_open(struct bureau *bureau)
{
	struct daemon *daemon = &bureau->daemon;

	check(store_start(daemon->store) == 0, "store");
	check(loop_watch(daemon->loop, store_descriptor(daemon->store), loop_set_flag,
		      &daemon->store_readable) == 0,
		"store");
	claims_start_missing(&daemon->claims, clock_monotonic());
	bureau_turn(bureau);
	check(service_listen(daemon->service, daemon->listener) == 0, "listen");
}

void bureau_done(struct bureau *bureau)
{
	struct daemon *daemon = &bureau->daemon;

	service_free(daemon->service);
	listen_remove(bureau->options.socket, &daemon->place);
	loop_free(daemon->loop);
	store_free(daemon->store);
	requests_done(&daemon->requests);
	claims_done(&daemon->claims);
	devices_done(&daemon->devices);
	text_pool_done(&bureau->world.pool);
}

void bureau_turn(struct bureau *bureau)
{
	struct daemon *daemon = &bureau->daemon;
	int64_t now = clock_monotonic();

	requests_follow(daemon, now);
	bureau->tellings += daemon_tell(daemon, now);
}

static int64_t next_deadline(const struct daemon *daemon)
{
	int64_t service = service_deadline(daemon->service);
	int64_t requests = requests_deadline(daemon);

	if (service_is_busy(daemon->service))
		return clock_monotonic();
	return service < requests ? service : requests;
}

void bureau_advance(struct bureau *bureau)
{
	check(loop_wait(bureau->loop, next_deadline(&bureau->daemon)) == 0, "loop");
	bureau_turn(bureau);
}
