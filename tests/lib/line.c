/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/line.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static void check(bool condition, const char *what)
{
	if (condition)
		return;
	perror(what);
	abort();
}

void line_open(struct line *line, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = 10};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	line->descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	check(line->descriptor >= 0, "socket");
	check(connect(line->descriptor, (struct sockaddr *)&address, sizeof(address)) == 0, path);
	setsockopt(line->descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

void line_close(struct line *line)
{
	close(line->descriptor);
}

void line_send(struct line *line, const char *call)
{
	ssize_t length = (ssize_t)strlen(call) + 1;

	check(send(line->descriptor, call, (size_t)length, 0) == length, "send");
}

/* What does not fit is let go, but for the NUL at the end. */
const char *line_receive(struct line *line)
{
	size_t kept = 0;
	ssize_t got;

	do {
		if (kept == sizeof(line->reply))
			kept--;
		got = recv(line->descriptor, line->reply + kept, sizeof(line->reply) - kept, 0);
		check(got > 0, "recv");
		kept += (size_t)got;
	} while (line->reply[kept - 1] != '\0');
	return line->reply;
}

double line_call(struct line *line, const char *call)
{
	struct timespec start;
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &start);
	line_send(line, call);
	line_receive(line);
	clock_gettime(CLOCK_MONOTONIC, &end);
	return (double)(end.tv_sec - start.tv_sec) * 1e6 +
	       (double)(end.tv_nsec - start.tv_nsec) / 1e3;
}
