/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/socket/acceptor.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "io/socket/connection.h"
#include "io/socket/internal.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Clients accepted in one callback; the rest wait for the next. */
#define ACCEPT_BATCH 64

#define PAUSE CLOCK_SECOND

static int open_spare(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

struct acceptor *acceptor_new(struct service *service)
{
	struct acceptor *acceptor = memory_allocate(sizeof(*acceptor));

	*acceptor = (struct acceptor){
		.service = service,
		.descriptor = -1,
		.spare = open_spare(),
		.resume = CLOCK_NEVER,
	};
	return acceptor;
}

struct acceptor *acceptor_free(struct acceptor *acceptor)
{
	if (!acceptor)
		return NULL;
	if (acceptor->descriptor >= 0) {
		event_del(&acceptor->readable);
		close(acceptor->descriptor);
	}
	if (acceptor->spare >= 0)
		close(acceptor->spare);
	free(acceptor);
	return NULL;
}

static unsigned connections_of(const struct service *service, uid_t uid)
{
	unsigned found = 0;

	list_for_each(at, &service->connections)
		if (container_of(at, struct connection, link)->peer.uid == uid)
			found++;
	return found;
}

static bool is_over_limit(const struct service *service, uid_t uid)
{
	return service->status->connections >= service->limits.connections ||
	       (uid != 0 && connections_of(service, uid) >= service->limits.connections_per_uid);
}

static void refuse(struct acceptor *acceptor, int descriptor)
{
	close(descriptor);
	counter_add(&acceptor->service->status->counters, COUNTER_CONNECTIONS_REFUSED);
}

static void log_limit(struct acceptor *acceptor, const struct peer *peer)
{
	if (acceptor->limit_logged)
		return;
	acceptor->limit_logged = true;
	log_warning("refused a connection of uid %u (pid %d): too many are open; further ones are "
		    "only counted (connections_refused)",
		(unsigned)peer->uid, (int)peer->pid);
}

static void admit(struct acceptor *acceptor, int descriptor)
{
	struct service *service = acceptor->service;
	struct peer peer;

	if (peer_read(descriptor, &peer) < 0) {
		refuse(acceptor, descriptor);
		return;
	}
	if (is_over_limit(service, peer.uid)) {
		log_limit(acceptor, &peer);
		peer_done(&peer);
		refuse(acceptor, descriptor);
		return;
	}
	counter_add(&service->status->counters, COUNTER_CONNECTIONS_ACCEPTED);
	connection_new(service, descriptor, peer);
}

/* Answers one client by closing it. Whether that worked. */
static bool turn_away(struct acceptor *acceptor)
{
	int descriptor;

	if (!acceptor->descriptors_logged)
		log_warning("no file descriptor left: clients are turned away (further ones are "
			    "only counted, connections_refused)");
	acceptor->descriptors_logged = true;
	if (acceptor->spare >= 0)
		close(acceptor->spare);
	descriptor = accept4(acceptor->descriptor, NULL, NULL, SOCK_CLOEXEC);
	if (descriptor >= 0)
		refuse(acceptor, descriptor);
	acceptor->spare = open_spare();
	return descriptor >= 0 && acceptor->spare >= 0;
}

/* Whether it makes sense to go on accepting. */
static bool accept_one(struct acceptor *acceptor)
{
	int descriptor = accept4(acceptor->descriptor, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (descriptor >= 0) {
		admit(acceptor, descriptor);
		return true;
	}
	if (errno == EINTR || errno == ECONNABORTED)
		return true;
	if (errno == EAGAIN || ((errno == EMFILE || errno == ENFILE) && turn_away(acceptor)))
		return false;
	acceptor->paused = true;
	event_del(&acceptor->readable);
	return false;
}

static void on_readable(int descriptor, short what, void *data)
{
	struct acceptor *acceptor = data;

	(void)descriptor;
	(void)what;
	for (unsigned i = 0; i < ACCEPT_BATCH && accept_one(acceptor); i++)
		;
}

int acceptor_listen(struct acceptor *acceptor, int descriptor)
{
	if (acceptor->descriptor >= 0)
		return -EBUSY;
	if (fcntl(descriptor, F_SETFL, O_NONBLOCK) < 0)
		return error_from_errno();
	acceptor->descriptor = descriptor;
	event_assign(&acceptor->readable, acceptor->service->base, descriptor, EV_READ | EV_PERSIST,
		on_readable, acceptor);
	return event_add(&acceptor->readable, NULL) < 0 ? -EIO : 0;
}

void acceptor_resume(struct acceptor *acceptor, int64_t now)
{
	if (!acceptor->paused)
		return;
	if (acceptor->resume == CLOCK_NEVER)
		acceptor->resume = now + PAUSE;
	if (now < acceptor->resume)
		return;
	if (acceptor->spare < 0)
		acceptor->spare = open_spare();
	acceptor->paused = false;
	acceptor->resume = CLOCK_NEVER;
	event_add(&acceptor->readable, NULL);
}
