/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One loop, one thread that writes, an eventfd each way, as the daemon has it. There is one message
 * at a time, so whoever was woken by the other's eventfd may look at it: no lock is needed.
 */
#include "lib/echo.h"

#include "base/clock.h"
#include "io/loop/loop.h"
#include "io/socket/listen.h"
#include "io/store/rows.h"
#include "lib/storage.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct echo {
	struct loop *loop;
	struct database database;
	struct instance_record *record;
	int listener;
	int client;
	int wanted; /* eventfds: to the thread, and back */
	int done;
	char message[4096];
	ssize_t length;
};

static void check(bool condition, const char *what)
{
	if (condition)
		return;
	perror(what);
	abort();
}

static void commit(struct echo *echo)
{
	bool release = memmem(echo->message, (size_t)echo->length, "Release", strlen("Release"));
	int result = database_execute(&echo->database, "BEGIN IMMEDIATE");

	if (result == 0 && release)
		result = rows_delete(&echo->database, echo->record->number++);
	else if (result == 0)
		result = rows_put(&echo->database, echo->record);
	if (result == 0)
		result = database_execute(&echo->database, "COMMIT");
	check(result == 0, "commit");
}

static void *write_rows(void *context)
{
	struct echo *echo = context;
	eventfd_t count;

	while (eventfd_read(echo->wanted, &count) == 0) {
		commit(echo);
		eventfd_write(echo->done, 1);
	}
	return NULL;
}

static void on_done(void *context)
{
	struct echo *echo = context;
	eventfd_t count;

	eventfd_read(echo->done, &count);
	check(send(echo->client, echo->message, (size_t)echo->length, MSG_NOSIGNAL) == echo->length,
		"send");
}

static void on_message(void *context)
{
	struct echo *echo = context;

	echo->length = recv(echo->client, echo->message, sizeof(echo->message), MSG_DONTWAIT);
	if (echo->length > 0)
		eventfd_write(echo->wanted, 1);
	else
		loop_unwatch(echo->loop, echo->client);
}

static void on_client(void *context)
{
	struct echo *echo = context;

	echo->client = accept4(echo->listener, NULL, NULL, SOCK_CLOEXEC);
	check(echo->client >= 0, "accept");
	check(loop_watch(echo->loop, echo->client, on_message, echo) == 0, "client");
}

static void set_up(struct echo *echo, const char *folder, const char *path)
{
	struct listen_place place;
	pthread_t thread;

	*echo = (struct echo){.wanted = eventfd(0, EFD_CLOEXEC),
		.done = eventfd(0, EFD_CLOEXEC),
		.record = storage_record(1, "pci/0000:00:00.0/8086:1592/vf0")};
	check(database_open(folder, &echo->database) == 0, folder);
	check(listen_open(path, &(gid_t){0}, &place, &echo->listener) >= 0, path);
	check(loop_new(&echo->loop) == 0 &&
			loop_watch(echo->loop, echo->listener, on_client, echo) == 0 &&
			loop_watch(echo->loop, echo->done, on_done, echo) == 0,
		"loop");
	check(pthread_create(&thread, NULL, write_rows, echo) == 0, "thread");
}

static _Noreturn void live(const char *folder, const char *path, int ready)
{
	struct echo echo;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	set_up(&echo, folder, path);
	check(write(ready, "", 1) == 1, "ready");
	while (loop_wait(echo.loop, CLOCK_NEVER) == 0)
		continue;
	abort();
}

pid_t echo_start(const char *folder, const char *path)
{
	int ready[2];
	pid_t process;
	char byte;

	check(pipe(ready) == 0, "pipe");
	fflush(stdout);
	process = fork();
	check(process >= 0, "fork");
	if (process == 0)
		live(folder, path, ready[1]);
	close(ready[1]);
	check(read(ready[0], &byte, 1) == 1, "echo");
	close(ready[0]);
	return process;
}

void echo_end(pid_t process)
{
	kill(process, SIGKILL);
	waitpid(process, NULL, 0);
}
