/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/udev/source.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "io/udev/kernel.h"
#include "io/udev/monitor.h"
#include "io/udev/silence.h"

#include <linux/sock_diag.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BATCH_MESSAGES 256
#define BATCH_TIME     (5 * CLOCK_MILLISECOND)

/* So many errors with not one message between them are no accident of one message. */
#define ERRORS_MOST 16

struct source {
	enum source_type type;
	struct counters *counters;
	struct monitor *monitor;	    /* SOURCE_UDEV */
	struct kernel *kernel;		    /* both */
	struct silence silence;		    /* SOURCE_UDEV: of the monitor */
	unsigned errors;		    /* in a row */
	uint32_t drops[SOURCE_DESCRIPTORS]; /* messages that did not fit, as last counted */
};

/* A message that is no event for the road: it was held against the other socket's. */
enum {
	RECEIVED_ASIDE = KERNEL_FOREIGN + 1,
};

/* What a batch of events is read for. */
struct intake {
	const struct vector *properties;
	struct looking *looks;
	int64_t end;
	bool nothing; /* was received, not even an error */
};

static int open_socket(struct source *source, size_t receive_buffer)
{
	/* the kernel's first: of what udev repeats, it has then heard all */
	int result = kernel_new(receive_buffer, &source->kernel);

	if (result == 0 && source->type == SOURCE_UDEV)
		result = monitor_new(receive_buffer, &source->monitor);
	return result;
}

int source_new(enum source_type type, size_t receive_buffer, struct counters *counters,
	struct source **ret_source)
{
	struct source *source = memory_allocate(sizeof(*source));
	int result;

	source->type = type;
	source->counters = counters;
	silence_init(&source->silence);
	result = open_socket(source, receive_buffer);
	if (result < 0) {
		source_free(source);
		return result;
	}
	*ret_source = source;
	return 0;
}

struct source *source_free(struct source *source)
{
	if (!source)
		return NULL;
	monitor_free(source->monitor);
	kernel_free(source->kernel);
	silence_done(&source->silence);
	free(source);
	return NULL;
}

size_t source_descriptors(
	const struct source *source, int ret_descriptors[static SOURCE_DESCRIPTORS])
{
	ret_descriptors[0] = kernel_descriptor(source->kernel);
	if (source->type == SOURCE_KERNEL)
		return 1;
	ret_descriptors[1] = monitor_descriptor(source->monitor);
	return 2;
}

const char *source_state(const struct source *source)
{
	if (source->type == SOURCE_KERNEL)
		return "kernel";
	return source->silence.silent ? "udev-silent" : "udev";
}

int64_t source_deadline(const struct source *source)
{
	return silence_deadline(&source->silence);
}

/* Whether the events of the socket, by its place among the descriptors, count. */
static bool counts(const struct source *source, size_t place)
{
	return place == 1 || source->type == SOURCE_KERNEL || source->silence.silent;
}

/*
 * One message of the kernel's. Where udev's events count it is only held against what udev says,
 * and if one is lost, no more is lost than that.
 */
static int receive_from_kernel(struct source *source, const struct intake *intake)
{
	struct uevent_places places;
	uint64_t number;
	int64_t now = clock_monotonic();
	int result = kernel_receive(source->kernel, &places, &number);

	for (size_t i = 0; result == 0 && i < places.count; i++)
		if (source->type == SOURCE_KERNEL ||
			!silence_expect(&source->silence, places.ids[i], number, now))
			uevent_add_look(&places, i, intake->looks, now);
	if (result == -EAGAIN || counts(source, 0))
		return result;
	return result == -ENOBUFS || result >= 0 ? RECEIVED_ASIDE : result;
}

static int receive_from_udev(struct source *source, const struct intake *intake)
{
	struct uevent_places places;
	uint64_t number;
	int64_t now = clock_monotonic();
	int result = monitor_receive(
		source->monitor, intake->properties, intake->looks, &places, &number);

	if (result != 0)
		return result;
	silence_hear(&source->silence, now);
	for (size_t i = 0; i < places.count; i++)
		silence_settle(&source->silence, places.ids[i], number, now);
	return 0;
}

static bool is_in_error(int descriptor)
{
	struct pollfd polled = {.fd = descriptor, .events = POLLIN};

	return poll(&polled, 1, 0) == 1 && !(polled.revents & POLLIN);
}

/* An error of one message, of what did not fit, or of the socket for good. */
static int judge_error(struct source *source, int error)
{
	counter_add(
		source->counters, error == -ENOBUFS ? COUNTER_OVERRUNS : COUNTER_RECEIVE_ERRORS);
	if (error != -ENOBUFS && ++source->errors >= ERRORS_MOST)
		return SOURCE_BROKEN;
	return SOURCE_LOST;
}

typedef int receive_one(struct source *source, const struct intake *intake);

static int read_batch(struct source *source, receive_one *receive, struct intake *intake)
{
	for (unsigned messages = 0; messages < BATCH_MESSAGES; messages++) {
		int result = receive(source, intake);

		if (result == -EAGAIN)
			return 0;
		intake->nothing = false;
		if (result < 0)
			return judge_error(source, result);
		source->errors = 0;
		if (result == 0)
			counter_add(source->counters, COUNTER_EVENTS);
		if (clock_monotonic() >= intake->end)
			break;
	}
	return SOURCE_MORE;
}

/* A socket that wakes us and has nothing to say is in error. */
static int look_for_errors(struct source *source)
{
	int descriptors[SOURCE_DESCRIPTORS];
	size_t count = source_descriptors(source, descriptors);

	for (size_t i = 0; i < count; i++)
		if (is_in_error(descriptors[i]))
			return judge_error(source, -EIO);
	return 0;
}

/*
 * Whether messages were dropped since the last time at a socket that counts. The kernel says
 * ENOBUFS once, and then no more until somebody has emptied the socket: under a storm that lasts,
 * only its counter tells that a resync which began meanwhile was in vain.
 */
static bool has_dropped(struct source *source)
{
	int descriptors[SOURCE_DESCRIPTORS];
	size_t count = source_descriptors(source, descriptors);
	bool dropped = false;

	for (size_t i = 0; i < count; i++) {
		uint32_t numbers[SK_MEMINFO_VARS];
		socklen_t size = sizeof(numbers);

		if (getsockopt(descriptors[i], SOL_SOCKET, SO_MEMINFO, numbers, &size) < 0 ||
			numbers[SK_MEMINFO_DROPS] == source->drops[i])
			continue;
		source->drops[i] = numbers[SK_MEMINFO_DROPS];
		dropped |= counts(source, i);
	}
	return dropped;
}

/* udevd's mark that its queue is not empty; one that was killed leaves it behind. */
static bool udevd_is_busy(void)
{
	return access("/run/udev/queue", F_OK) == 0 && source_udevd_is_running();
}

static void check_silence(struct source *source, struct looking *looks)
{
	int64_t now = clock_monotonic();

	if (now >= silence_deadline(&source->silence))
		silence_check(&source->silence, looks, udevd_is_busy(), now);
}

static int read_sockets(struct source *source, struct intake *intake)
{
	int result = read_batch(source, receive_from_kernel, intake);

	/* udev's wait until all of the kernel's are read, else debts would be made of what is paid
	 */
	if (result == 0 && source->type == SOURCE_UDEV) {
		result = read_batch(source, receive_from_udev, intake);
		if (result == 0)
			check_silence(source, intake->looks);
	}
	return intake->nothing ? look_for_errors(source) : result;
}

int source_read(struct source *source, const struct vector *properties, struct looking *looks)
{
	struct intake intake = {properties, looks, clock_monotonic() + BATCH_TIME, true};
	int result = read_sockets(source, &intake);
	bool dropped = has_dropped(source);

	if (dropped && (result == 0 || result == SOURCE_MORE))
		return judge_error(source, -ENOBUFS);
	return result;
}

int source_read_properties(struct source *source, const char *id, const struct vector *properties,
	struct text_pool *pool, struct property_list *ret_properties)
{
	switch (source->type) {
	case SOURCE_UDEV:
		return monitor_read_properties(
			source->monitor, id, properties, pool, ret_properties);
	case SOURCE_KERNEL:
		property_list_done(ret_properties);
		return 0;
	}
	return -EINVAL;
}

bool source_listens(const char *path)
{
	struct sockaddr_un control = {.sun_family = AF_UNIX};
	int connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool listens;

	if (connection < 0)
		return false;
	snprintf(control.sun_path, sizeof(control.sun_path), "%s", path);
	/*
	 * Who may not connect, or not now, has been told that somebody listens, and so has who came
	 * with the wrong type: from udevd 262 on it is a stream socket. That is not connected to,
	 * which could start a udevd that was stopped.
	 */
	listens = connect(connection, (const struct sockaddr *)&control, sizeof(control)) == 0 ||
		  errno == EACCES || errno == EPERM || errno == EAGAIN || errno == EPROTOTYPE;
	close(connection);
	return listens;
}

bool source_udevd_is_running(void)
{
	return source_listens("/run/udev/control");
}
