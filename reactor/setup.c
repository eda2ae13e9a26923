/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building the daemon up and taking it down, in the order in which the parts need each other. */
#include "daemon.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "reload.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

/* Events of the ring take at most this much, however large they are. */
#define RING_BYTES (64u << 20)

static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void name_epoch(struct daemon *daemon)
{
	uint64_t random[2] = {(uint64_t)clock_real(), (uint64_t)getpid()};

	/* early boot may have no entropy yet: time and pid are different enough */
	(void)!getrandom(random, sizeof(random), GRND_NONBLOCK);
	snprintf(daemon->epoch, sizeof(daemon->epoch), "%016" PRIx64 "%016" PRIx64, random[0],
		random[1]);
}

static int read_config(struct daemon *daemon)
{
	struct rule_errors errors = {0};
	int result = config_load(daemon->options->config, &errors, &daemon->config);

	reload_log_errors(&errors);
	rule_errors_done(&errors);
	return result;
}

/* Root may do what was forbidden, and nothing else that fails. */
static const char *root_hint(int result)
{
	bool forbidden = result == -EACCES || result == -EPERM;

	return forbidden && geteuid() != 0 ? "start as root, or " : "";
}

static int open_store(struct daemon *daemon)
{
	const char *state = daemon->options->state;
	int result = store_open(state, &daemon->store);

	if (result == 0)
		return 0;
	switch (result) {
	case STORE_IN_USE:
		log_error("%s is in use by another hostdevd; stop it, or name another folder with "
			  "--state",
			state);
		return -EBUSY;
	case STORE_NEWER:
		log_error(
			"%s was written by a newer hostdevd; install that version, or name another "
			"folder with --state",
			state);
		return -EINVAL;
	case -ENOTSUP:
		log_error(
			"this machine's SQLite refuses a statement that the database in %s needs; "
			"nothing in it was changed: install a hostdevd that was built for it",
			state);
		return result;
	case STORE_DAMAGED:
		log_error("the database in %s was damaged and is kept aside as "
			  "hostdevd.db.damaged-*; an empty one is begun",
			state);
		return 0;
	}
	log_error("cannot use the state folder %s: %s; %sname another folder with --state", state,
		strerror(-result), root_hint(result));
	return result;
}

/* Says who cannot connect, by the outcome of listen_open or listen_regroup. */
static void log_readers(const struct daemon *daemon, int outcome)
{
	const char *group = daemon->config.reader_group;
	const char *path = daemon->options->socket;

	if (outcome == LISTEN_NO_GROUP)
		log_notice("there is no group %s: only root may connect to %s", group, path);
	else if (outcome == LISTEN_NOT_GIVEN)
		log_notice("%s cannot be given to the group %s: only this user and root may "
			   "connect",
			path, group);
}

static int open_socket(struct daemon *daemon)
{
	const char *path = daemon->options->socket;
	int result =
		listen_open(path, daemon->config.readers.groups, &daemon->place, &daemon->listener);

	log_readers(daemon, result);
	if (result == -EADDRINUSE)
		log_error("another hostdevd answers on %s; stop it, or name another with --socket",
			path);
	else if (result == -ENOTSOCK)
		log_error("%s is no socket; remove it, or name another with --socket", path);
	else if (result == -ENAMETOOLONG)
		log_error(
			"cannot make the socket %s: the path has %zu bytes, and a socket's has 107 "
			"at most; name another with --socket",
			path, strlen(path));
	else if (result < 0)
		log_error("cannot make the socket %s: %s; %sname another with --socket", path,
			strerror(-result), root_hint(result));
	return result < 0 ? result : 0;
}

static void regroup_socket(struct daemon *daemon, const char *old_group)
{
	int result = listen_regroup(
		daemon->options->socket, daemon->config.readers.groups, &daemon->place);

	if (strcmp(old_group, daemon->config.reader_group) != 0)
		log_readers(daemon, result);
	if (result < 0)
		log_error("cannot give %s to group %s: %s", daemon->options->socket,
			daemon->config.reader_group, strerror(-result));
}

static enum source_type choose_source(const struct options *options)
{
	switch (options->monitor) {
	case MONITOR_UDEV:
		return SOURCE_UDEV;
	case MONITOR_KERNEL:
		return SOURCE_KERNEL;
	case MONITOR_AUTO:
	case MONITOR_COUNT:
		break;
	}
	if (source_udevd_is_running())
		return SOURCE_UDEV;
	log_notice("no udevd is running: taking events from the kernel");
	return SOURCE_KERNEL;
}

int daemon_watch_source(struct daemon *daemon)
{
	int descriptors[SOURCE_DESCRIPTORS];
	size_t count = source_descriptors(daemon->source, descriptors);
	int result = 0;

	for (size_t i = 0; i < count && result == 0; i++)
		result = loop_watch(
			daemon->loop, descriptors[i], loop_set_flag, &daemon->source_readable);
	return result;
}

void daemon_unwatch_source(struct daemon *daemon)
{
	int descriptors[SOURCE_DESCRIPTORS];
	size_t count = source_descriptors(daemon->source, descriptors);

	for (size_t i = 0; i < count; i++)
		loop_unwatch(daemon->loop, descriptors[i]);
}

static int open_source(struct daemon *daemon)
{
	int result = source_new(daemon->source_type, daemon->config.receive_buffer,
		&daemon->status.counters, &daemon->source);

	if (result == 0)
		result = daemon_watch_source(daemon);
	if (result < 0)
		log_error("cannot listen for %s events: %s",
			daemon->source_type == SOURCE_UDEV ? "udev" : "kernel", strerror(-result));
	else
		daemon->status.monitor = source_state(daemon->source);
	return result;
}

static int open_loop(struct daemon *daemon)
{
	int result = loop_new(&daemon->loop);

	signal(SIGPIPE, SIG_IGN);
	if (result == 0)
		result = loop_signal(daemon->loop, SIGTERM, loop_set_flag, &daemon->stop_wanted);
	if (result == 0)
		result = loop_signal(daemon->loop, SIGINT, loop_set_flag, &daemon->stop_wanted);
	if (result == 0)
		result = loop_signal(daemon->loop, SIGHUP, loop_set_flag, &daemon->reload_wanted);
	if (result < 0)
		log_error("cannot make the event loop: %s", strerror(-result));
	return result;
}

static int open_helper(struct daemon *daemon)
{
	int result = helper_new(&daemon->helper);

	if (result == 0)
		result = loop_watch(daemon->loop, helper_descriptor(daemon->helper), loop_set_flag,
			&daemon->helper_readable);
	if (result < 0)
		log_error("cannot start the thread that looks names up: %s", strerror(-result));
	return result;
}

/* From here on a slow disk holds up nobody. */
static int start_store(struct daemon *daemon)
{
	int result = store_start(daemon->store);

	if (result == 0)
		result = loop_watch(daemon->loop, store_descriptor(daemon->store), loop_set_flag,
			&daemon->store_readable);
	if (result < 0)
		log_error("cannot start the thread that writes to %s: %s", daemon->options->state,
			strerror(-result));
	return result;
}

static void open_service(struct daemon *daemon)
{
	struct service_options options = {
		.base = loop_base(daemon->loop),
		.claims = &daemon->claims,
		.status = &daemon->status,
		.rights = &daemon->config.rights,
		.limits = daemon->config.limits,
		.ring_bytes = RING_BYTES,
		.epoch = daemon->epoch,
	};

	daemon->service = service_new(&options);
}

/* How long a claim waits for the disk. */
static void set_patience(struct daemon *daemon)
{
	daemon->claims.patience = daemon->config.store_deadline_s * CLOCK_SECOND;
}

int daemon_new(const struct options *options, struct daemon **ret_daemon)
{
	struct daemon *daemon = memory_allocate(sizeof(*daemon));
	int result;

	daemon->options = options;
	daemon->listener = -1;
	daemon->turn_since = CLOCK_NEVER;
	daemon->source_retry = CLOCK_NEVER;
	daemon->rules_retry = CLOCK_NEVER;
	daemon->source_type = choose_source(options);
	daemon->status.version = HOSTDEVD_VERSION;
	daemon->status.started = clock_real();
	devices_init(&daemon->devices, &daemon->pool, &daemon->status.counters);
	claims_init(&daemon->claims, &daemon->devices);
	daemon->claims.rights = &daemon->config.rights;
	looking_init(&daemon->looks, &daemon->pool);
	name_epoch(daemon);
	raise_descriptor_limit();
	result = read_config(daemon);
	if (result == 0)
		result = open_store(daemon);
	if (result == 0)
		result = requests_restore(daemon);
	if (result == 0)
		result = open_socket(daemon);
	if (result == 0)
		result = open_loop(daemon);
	if (result == 0) /* armed before the first look, so that nothing is missed between */
		result = open_source(daemon);
	if (result == 0)
		result = requests_start(daemon);
	if (result == 0)
		result = open_helper(daemon);
	if (result == 0) {
		set_patience(daemon);
		reload_at_start(daemon);
		result = start_store(daemon);
	}
	if (result != 0) {
		daemon_free(daemon);
		return result;
	}
	daemon->probe = probe_new(&daemon->pool);
	open_service(daemon);
	*ret_daemon = daemon;
	return 0;
}

struct daemon *daemon_free(struct daemon *daemon)
{
	if (!daemon)
		return NULL;
	service_free(daemon->service);
	listen_remove(daemon->options->socket, &daemon->place);
	if (daemon->listener >= 0)
		close(daemon->listener);
	loop_free(daemon->loop);
	helper_free(daemon->helper);
	source_free(daemon->source);
	probe_free(daemon->probe);
	store_free(daemon->store);
	second_opinion_done(&daemon->second_opinion);
	requests_done(&daemon->requests);
	reload_done(&daemon->reload);
	looking_done(&daemon->looks);
	claims_done(&daemon->claims);
	devices_done(&daemon->devices);
	text_pool_done(&daemon->pool);
	config_done(&daemon->config);
	free(daemon);
	return NULL;
}

int daemon_renew_source(struct daemon *daemon)
{
	struct source *old = daemon->source;
	int result;

	daemon_unwatch_source(daemon);
	daemon->source = NULL;
	result = open_source(daemon);
	if (result < 0) {
		if (daemon->source)
			daemon_unwatch_source(daemon);
		source_free(daemon->source);
		daemon->source = old;
	} else {
		source_free(old);
	}
	resync_want(&daemon->resync, clock_monotonic());
	return result;
}

void daemon_change_config(struct daemon *daemon, struct config *config)
{
	struct config old = daemon->config;

	daemon->config = *config;
	daemon->config.rights.allowances = old.rights.allowances; /* the rules', still in force */
	old.rights.allowances = (struct vector){0};
	*config = old;
	set_patience(daemon);
	service_set_limits(daemon->service, &daemon->config.limits);
	regroup_socket(daemon, old.reader_group);
	if (old.receive_buffer != daemon->config.receive_buffer)
		if (daemon_renew_source(daemon) < 0 && daemon->source_retry == CLOCK_NEVER)
			daemon_watch_source(daemon);
}
