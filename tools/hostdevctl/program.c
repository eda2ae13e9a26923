/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other programs, by posix_spawn() and a pipe. */
#include "program.h"

#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Starts a program with pipe_end in place of its descriptor target. */
static int start(
	const char *name, const char *const *arguments, int pipe_end, int target, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	int r;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipe_end, target);
	r = posix_spawnp(ret_pid, name, &actions, NULL, (char *const *)arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

static int await(pid_t pid)
{
	int wait_status = 0;

	while (waitpid(pid, &wait_status, 0) < 0 && errno == EINTR)
		;
	return wait_status;
}

/* All bytes up to the end of the file, with a NUL behind them. */
static int read_all(int fd, char **ret_text, size_t *ret_length)
{
	size_t length = 0, size = 65536;
	char *text = output_must(malloc(size));

	for (;;) {
		ssize_t n = read(fd, text + length, size - length - 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int failure = -errno;

			free(text);
			return failure;
		}
		length += (size_t)n;
		if (n == 0)
			break;
		if (length + 1 == size)
			text = output_must(realloc(text, size *= 2));
	}
	text[length] = '\0';
	*ret_text = text;
	*ret_length = length;
	return 0;
}

int program_read(const char *path, const char *const *arguments, char **ret_output,
	size_t *ret_length, int *ret_wait_status)
{
	pid_t pid;
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	r = start(path, arguments, ends[1], STDOUT_FILENO, &pid);
	close(ends[1]);
	if (r == 0) {
		r = read_all(ends[0], ret_output, ret_length);
		*ret_wait_status = await(pid);
	}
	close(ends[0]);
	return r;
}

static int write_all(int fd, const char *text)
{
	size_t length = strlen(text);

	while (length > 0) {
		ssize_t n = write(fd, text, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EPIPE ? 0 : -errno;
		text += n;
		length -= (size_t)n;
	}
	return 0;
}

int program_feed(const char *name, const char *text, int *ret_wait_status)
{
	const char *const arguments[] = {name, NULL};
	pid_t pid;
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	r = start(name, arguments, ends[0], STDIN_FILENO, &pid);
	close(ends[0]);
	if (r == 0) {
		void (*before)(int) = signal(SIGPIPE, SIG_IGN);

		r = write_all(ends[1], text);
		signal(SIGPIPE, before);
		close(ends[1]);
		*ret_wait_status = await(pid);
	} else {
		close(ends[1]);
	}
	return r;
}
