/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * O_NONBLOCK is a property of the open file, which standard error shares with whoever gave it to
 * us: so a pipe or terminal is opened once more, for ourselves, and a socket is asked for each line
 * with MSG_DONTWAIT. Where it cannot be opened (another user's pipe) poll says whether a line has
 * room; only a writer beside us can take that room in between. Rejected: a thread that writes, as
 * the last lines of a crash would stay in its queue.
 */
#include "base/log.h"

#include "base/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum way {
	WAY_WRITE, /* never blocks */
	WAY_POLL,
	WAY_SEND,
};

static struct {
	enum log_level threshold;
	int descriptor;
	enum way way;
	bool journal;
	unsigned long lost;	 /* lines */
	unsigned long lost_told; /* those that a line told of */
} sink = {.threshold = LOG_LEVEL_INFO, .descriptor = STDERR_FILENO, .way = WAY_POLL};

/* As sd-daemon(7) has it: the variable is inherited by children whose standard error is another. */
static bool is_journal(const struct stat *standard_error)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct buffer own = {0};
	bool same;

	buffer_format(&own, "%ju:%ju", (uintmax_t)standard_error->st_dev,
		(uintmax_t)standard_error->st_ino);
	same = stream && strcmp(stream, buffer_string(&own)) == 0;
	buffer_done(&own);
	return same;
}

void log_open(void)
{
	struct stat standard_error;
	int own = -1;

	if (fstat(STDERR_FILENO, &standard_error) < 0)
		return;
	sink.journal = is_journal(&standard_error);
	if (S_ISSOCK(standard_error.st_mode))
		sink.way = WAY_SEND;
	else if (S_ISFIFO(standard_error.st_mode) || S_ISCHR(standard_error.st_mode))
		own = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	else
		sink.way = WAY_WRITE;
	if (own < 0)
		return;
	sink.descriptor = own;
	sink.way = WAY_WRITE;
}

void log_set_level(enum log_level level)
{
	sink.threshold = level;
}

unsigned long log_lost(void)
{
	return sink.lost;
}

static bool write_line(const struct buffer *line)
{
	struct pollfd room = {.fd = sink.descriptor, .events = POLLOUT};

	switch (sink.way) {
	case WAY_SEND:
		return send(sink.descriptor, line->bytes, line->length,
			       MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
	case WAY_POLL:
		if (poll(&room, 1, 0) <= 0)
			return false;
		break;
	case WAY_WRITE:
		break;
	}
	return write(sink.descriptor, line->bytes, line->length) >= 0;
}

/* No longer than a pipe takes in one piece; the end of a longer one is cut off. */
static void end_line(struct buffer *line)
{
	if (line->length >= PIPE_BUF) {
		line->length = PIPE_BUF - 1;
		while (((unsigned char)line->bytes[line->length] & 0xc0) == 0x80)
			line->length--;
	}
	buffer_add_byte(line, '\n');
}

static void begin_line(struct buffer *line, enum log_level level)
{
	if (sink.journal)
		buffer_format(line, "<%d>", (int)level);
	buffer_add_string(line, "hostdevd: ");
}

/* Whether all that was lost was told of. */
static bool tell_lost(void)
{
	struct buffer line = {0};

	if (sink.lost == sink.lost_told)
		return true;
	begin_line(&line, LOG_LEVEL_WARNING);
	buffer_format(&line, "%lu lines of this log were lost, since nobody took them\n",
		sink.lost - sink.lost_told);
	if (write_line(&line))
		sink.lost_told = sink.lost;
	buffer_done(&line);
	return sink.lost == sink.lost_told;
}

void log_message(enum log_level level, const char *format, ...)
{
	int saved = errno;
	struct buffer line = {0};
	va_list arguments;
	size_t start;

	if (level > sink.threshold)
		return;
	begin_line(&line, level);
	start = line.length;
	va_start(arguments, format);
	errno = saved; /* %m */
	buffer_format_list(&line, format, arguments);
	va_end(arguments);
	for (size_t i = start; i < line.length; i++)
		if ((unsigned char)line.bytes[i] < 0x20 || line.bytes[i] == 0x7f)
			line.bytes[i] = '?';
	end_line(&line);
	if (!tell_lost() || !write_line(&line))
		sink.lost++;
	buffer_done(&line);
	errno = saved;
}
