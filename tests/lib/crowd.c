/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/crowd.h"

#include "base/clock.h"
#include "base/memory.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_SIZE ((size_t)256 * 1024)
#define BATCH	  64

struct client {
	int descriptor;
	bool begun;
};

struct members {
	const char *path;
	struct client *clients;
	unsigned count;
	int poll;
	char *bytes;
};

static void check(bool condition, const char *what)
{
	if (condition)
		return;
	perror(what);
	abort();
}

static void connect_client(struct members *members, struct client *client)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct epoll_event interest = {.events = EPOLLIN, .data.ptr = client};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", members->path);
	client->descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	check(client->descriptor >= 0, "socket");
	check(connect(client->descriptor, (struct sockaddr *)&address, sizeof(address)) == 0,
		members->path);
	check(epoll_ctl(members->poll, EPOLL_CTL_ADD, client->descriptor, &interest) == 0,
		"epoll_ctl");
}

static void gather(struct members *members, unsigned count)
{
	for (unsigned i = 0; i < members->count; i++)
		close(members->clients[i].descriptor);
	free(members->clients);
	members->clients = memory_allocate(count * sizeof(*members->clients));
	members->count = count;
	for (unsigned i = 0; i < count; i++)
		connect_client(members, &members->clients[i]);
}

static void call(struct members *members, const char *message)
{
	for (unsigned i = 0; i < members->count; i++) {
		struct client *client = &members->clients[i];

		client->begun = false;
		if (message[0] != '\0')
			check(send(client->descriptor, message, strlen(message) + 1, 0) > 0,
				"send");
	}
}

/* How many messages ended in what a client has got. */
static uint64_t receive(struct members *members, struct client *client, unsigned *begun)
{
	ssize_t length = recv(client->descriptor, members->bytes, READ_SIZE, MSG_DONTWAIT);
	const char *at = members->bytes;
	const char *end;
	uint64_t messages = 0;

	check(length > 0, "recv");
	end = at + length;
	*begun += !client->begun;
	client->begun = true;
	while ((at = memchr(at, '\0', (size_t)(end - at)))) {
		messages++;
		at++;
	}
	return messages;
}

static struct crowd_report carry_out(struct members *members, const struct crowd_order *order)
{
	int64_t start = clock_monotonic();
	uint64_t due = order->messages * members->count;
	struct crowd_report report = {0};
	unsigned begun = 0;

	if (order->clients > 0)
		gather(members, order->clients);
	call(members, order->call);
	while (due > 0) {
		struct epoll_event ready[BATCH];
		int count = epoll_wait(members->poll, ready, BATCH, -1);

		for (int i = 0; i < count; i++)
			due -= receive(members, ready[i].data.ptr, &begun);
		if (report.first == 0 && begun == members->count)
			report.first = clock_monotonic() - start;
	}
	report.last = clock_monotonic() - start;
	return report;
}

static _Noreturn void live(const char *path, int orders, int reports)
{
	struct members members = {.path = path, .poll = epoll_create1(EPOLL_CLOEXEC)};
	struct crowd_order order;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	members.bytes = memory_allocate(READ_SIZE);
	while (read(orders, &order, sizeof(order)) == sizeof(order)) {
		struct crowd_report report = carry_out(&members, &order);

		check(write(reports, &report, sizeof(report)) > 0, "write");
	}
	_exit(0);
}

void crowd_start(struct crowd *crowd, const char *path)
{
	int orders[2];
	int reports[2];

	check(pipe(orders) == 0 && pipe(reports) == 0, "pipe");
	fflush(stdout);
	crowd->process = fork();
	check(crowd->process >= 0, "fork");
	if (crowd->process == 0) {
		close(orders[1]);
		live(path, orders[0], reports[1]);
	}
	close(orders[0]);
	close(reports[1]);
	crowd->orders = orders[1];
	crowd->reports = reports[0];
}

void crowd_end(struct crowd *crowd)
{
	close(crowd->orders);
	close(crowd->reports);
	kill(crowd->process, SIGKILL); /* a crowd started later holds its orders open */
	waitpid(crowd->process, NULL, 0);
}

static void give_order(struct crowd *crowd, const struct crowd_order *order)
{
	check(write(crowd->orders, order, sizeof(*order)) == sizeof(*order), "write");
}

void crowd_gather(struct crowd *crowd, unsigned clients)
{
	give_order(crowd, &(struct crowd_order){.clients = clients});
}

void crowd_order(struct crowd *crowd, uint64_t messages, const char *message)
{
	struct crowd_order order = {.messages = messages};

	snprintf(order.call, sizeof(order.call), "%s", message);
	give_order(crowd, &order);
}

struct crowd_report crowd_report(struct crowd *crowd)
{
	struct crowd_report report;

	check(read(crowd->reports, &report, sizeof(report)) == sizeof(report), "read");
	return report;
}
