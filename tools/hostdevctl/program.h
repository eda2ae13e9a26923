/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other programs: run one and read its output, or feed one its input. Never through a shell. */
#pragma once

#include <stddef.h>

/* Runs the program at path and waits for its end. On 0 its whole output (NUL-terminated, of
 * *ret_length bytes) belongs to the caller, and *ret_wait_status is waitpid()'s. Negative: -errno.
 */
int program_read(const char *path, const char *const *arguments, char **ret_output,
	size_t *ret_length, int *ret_wait_status);

/* Runs a program, found by PATH, with text as its whole input and waits for its end. A program that
 * does not read its input is no failure. 0 or -errno. */
int program_feed(const char *name, const char *text, int *ret_wait_status);
