/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log: one line a message on standard error, with the journal's `<N>` priority before it when
 * it is the journal's ($JOURNAL_STREAM names it). Control characters and line ends inside a message
 * become '?', and what is over 4 KiB is cut off. errno is left as it was.
 *
 * It never waits: a line that standard error does not take at once is lost and counted, and the
 * next one that it takes tells how many were. For one thread; the log is the only global state of
 * the program.
 */
#pragma once

enum log_level {
	LOG_LEVEL_ERROR = 3, /* syslog(3)'s numbers */
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

/* Looks where standard error goes to; once, before the first message. */
void log_open(void);

/* Messages above this level are dropped; LOG_LEVEL_INFO at start. */
void log_set_level(enum log_level level);

void log_message(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* How many lines were lost so far. */
unsigned long log_lost(void);

#define log_error(...)	 log_message(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)	 log_message(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)	 log_message(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)	 log_message(LOG_LEVEL_DEBUG, __VA_ARGS__)
