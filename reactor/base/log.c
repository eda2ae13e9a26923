/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"

#include "base/buffer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

static enum log_level log_threshold = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	log_threshold = level;
}

void log_message(enum log_level level, const char *format, ...)
{
	int saved = errno;
	struct buffer line = {0};
	va_list arguments;
	size_t start;

	if (level > log_threshold)
		return;
	if (getenv("JOURNAL_STREAM"))
		buffer_format(&line, "<%d>", (int)level);
	buffer_add_string(&line, "hostdevd: ");
	start = line.length;
	va_start(arguments, format);
	errno = saved; /* %m */
	buffer_format_list(&line, format, arguments);
	va_end(arguments);
	for (size_t i = start; i < line.length; i++)
		if ((unsigned char)line.bytes[i] < 0x20 || line.bytes[i] == 0x7f)
			line.bytes[i] = '?';
	buffer_add_byte(&line, '\n');
	if (write(STDERR_FILENO, line.bytes, line.length) < 0) {
		/* nowhere is left to say so */
	}
	buffer_done(&line);
	errno = saved;
}
