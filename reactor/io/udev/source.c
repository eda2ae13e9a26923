/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/udev/source.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "io/udev/kernel.h"
#include "io/udev/monitor.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BATCH_MESSAGES 256
#define BATCH_TIME     (5 * CLOCK_MILLISECOND)

struct source {
	enum source_type type;
	struct counters *counters;
	struct monitor *monitor; /* SOURCE_UDEV */
	struct kernel *kernel;	 /* SOURCE_KERNEL */
};

static int open_socket(struct source *source, size_t receive_buffer)
{
	switch (source->type) {
	case SOURCE_UDEV:
		return monitor_new(receive_buffer, &source->monitor);
	case SOURCE_KERNEL:
		return kernel_new(receive_buffer, &source->kernel);
	}
	return -EINVAL;
}

int source_new(enum source_type type, size_t receive_buffer, struct counters *counters,
	struct source **ret_source)
{
	struct source *source = memory_allocate(sizeof(*source));
	int result;

	source->type = type;
	source->counters = counters;
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
	free(source);
	return NULL;
}

int source_descriptor(const struct source *source)
{
	switch (source->type) {
	case SOURCE_UDEV:
		return monitor_descriptor(source->monitor);
	case SOURCE_KERNEL:
		return kernel_descriptor(source->kernel);
	}
	return -EINVAL;
}

/* Of one message: 0, a positive outcome for one that does not count, or -errno. */
static int receive(struct source *source, const struct vector *properties, struct looks *looks)
{
	switch (source->type) {
	case SOURCE_UDEV:
		return monitor_receive(source->monitor, properties, looks);
	case SOURCE_KERNEL:
		return kernel_receive(source->kernel, looks);
	}
	return -EINVAL;
}

int source_read(struct source *source, const struct vector *properties, struct looks *looks)
{
	int64_t end = clock_monotonic() + BATCH_TIME;

	for (unsigned messages = 0; messages < BATCH_MESSAGES; messages++) {
		int result = receive(source, properties, looks);

		if (result == -EAGAIN)
			return 0;
		if (result < 0) {
			count(source->counters,
				result == -ENOBUFS ? COUNTER_OVERRUNS : COUNTER_RECEIVE_ERRORS);
			return SOURCE_LOST;
		}
		if (result == 0)
			count(source->counters, COUNTER_EVENTS);
		if (clock_monotonic() >= end)
			break;
	}
	return SOURCE_MORE;
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

bool source_udevd_is_running(void)
{
	static const struct sockaddr_un control = {
		.sun_family = AF_UNIX, .sun_path = "/run/udev/control"};
	int connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool running;

	if (connection < 0)
		return false;
	/* who may not connect, or not now, has been told that somebody listens */
	running = connect(connection, (const struct sockaddr *)&control, sizeof(control)) == 0 ||
		  errno == EACCES || errno == EPERM || errno == EAGAIN;
	close(connection);
	return running;
}
