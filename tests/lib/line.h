/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client that blocks until it has its reply: one connection, one call at a time. */
#pragma once

#include <stddef.h>

struct line {
	int descriptor;
	char reply[4096]; /* the beginning of the last one */
};

/* Aborts if nobody listens at `path`. */
void line_open(struct line *line, const char *path);
void line_close(struct line *line);

/* Sends a call: text and its NUL. */
void line_send(struct line *line, const char *call);

/* Waits for the reply; aborts if there is none within 10 seconds. */
const char *line_receive(struct line *line);

/* Both, and how long it took, in microseconds. */
double line_call(struct line *line, const char *call);
