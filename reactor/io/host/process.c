/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One epoll descriptor holds a pidfd for each process, so the loop watches one descriptor however
 * many there are. What has ended without a pidfd ever being opened (found gone) waits in a list;
 * an eventfd in the same epoll keeps the descriptor readable for it.
 *
 * pidfd_open first, then /proc/PID/stat, then a look whether the pidfd says that it ended: only a
 * process that was alive behind the pidfd all the while is the one whose stat was read. The state
 * letter in stat is not asked: a process whose first thread has ended shows Z there and lives on.
 */
#include "io/host/process.h"

#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/map.h"
#include "base/number.h"
#include "base/vector.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"

/* A line of stat has at most about 1 KiB, status some more. */
#define PROC_FILE_MOST 65536

/* Ends taken from the kernel at a time. */
#define ENDS 64

struct watched {
	struct list_link link;	// processes::ended, else processes::watched
	struct process process; /* its bytes are the key */
	int pidfd;		/* -1: it has ended */
	uint64_t asked;		/* the processes_watch that wanted it last */
};

struct processes {
	int epoll;
	int ended_event;	  /* readable while `ended` is not empty */
	struct list_link watched; /* of struct watched: living, or ended and taken */
	struct list_link ended;	  /* of struct watched, to be taken */
	struct map by_process;
	uint64_t asks;
	char boot[BOOT_ID_SIZE]; /* of this boot */
};

/* What is needed of /proc/PID/stat: field 22. The name, field 2, may hold anything, also `) `. */
static bool parse_stat(const char *stat, uint64_t *ret_start)
{
	const char *field = strrchr(stat, ')');
	size_t length;

	for (int number = 2; field && number < 22; number++) {
		field = strchr(field, ' ');
		field = field ? field + 1 : NULL;
	}
	length = field ? strspn(field, "0123456789") : 0;
	return length > 0 && number_parse(field, length, 10, UINT64_MAX, ret_start);
}

static int read_proc(int64_t pid, const char *name, struct buffer *ret_text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%" PRId64 "/%s", pid, name);
	return file_read_at(AT_FDCWD, path, PROC_FILE_MOST, ret_text);
}

static int read_start(int64_t pid, uint64_t *ret_start)
{
	struct buffer stat = {0};
	int result = read_proc(pid, "stat", &stat);

	if (result == 0 && !parse_stat(buffer_string(&stat), ret_start))
		result = -EBADMSG;
	buffer_done(&stat);
	return result;
}

/* The effective uid, the second number of its line. */
static int read_uid(int64_t pid, int64_t *ret_uid)
{
	struct buffer status = {0};
	int result = read_proc(pid, "status", &status);
	const char *line = result == 0 ? strstr(buffer_string(&status), "\nUid:") : NULL;

	if (result == 0 && (!line || sscanf(line, "\nUid: %*u %" SCNd64, ret_uid) != 1))
		result = -EBADMSG;
	buffer_done(&status);
	return result;
}

static int read_boot(char ret_boot[static BOOT_ID_SIZE])
{
	struct buffer text = {0};
	int result = file_read_at(AT_FDCWD, BOOT_ID_FILE, PROC_FILE_MOST, &text);

	if (result == 0) {
		const char *boot = buffer_string(&text);

		snprintf(ret_boot, BOOT_ID_SIZE, "%.*s", (int)strcspn(boot, "\n"), boot);
	}
	buffer_done(&text);
	return result;
}

/* EINVAL and ENOENT: a thread, not a process; which of them depends on the kernel. */
static int open_pid(int64_t pid, int *ret_pidfd)
{
	int pidfd;

	if (pid < 1 || pid > INT_MAX)
		return PROCESS_GONE;
	pidfd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0u);
	if (pidfd < 0)
		return errno == ESRCH || errno == EINVAL || errno == ENOENT ? PROCESS_GONE
									    : error_from_errno();
	*ret_pidfd = pidfd;
	return 0;
}

static bool has_ended(int pidfd)
{
	struct pollfd look = {.fd = pidfd, .events = POLLIN};

	return poll(&look, 1, 0) > 0;
}

/* Opens the living process of this pid, and reads when it began. */
static int open_process(int64_t pid, int *ret_pidfd, uint64_t *ret_start)
{
	int pidfd;
	int result = open_pid(pid, &pidfd);

	if (result)
		return result;
	result = read_start(pid, ret_start);
	if (has_ended(pidfd))
		result = PROCESS_GONE;
	if (result)
		close(pidfd);
	else
		*ret_pidfd = pidfd;
	return result;
}

int process_identify(int64_t pid, struct process *ret_process)
{
	struct process process = {.pid = pid};
	int pidfd;
	int result = open_process(pid, &pidfd, &process.start);

	if (result)
		return result;
	close(pidfd);
	result = read_boot(process.boot);
	if (result == 0)
		*ret_process = process;
	return result;
}

static bool is_hung_up(int descriptor)
{
	struct pollfd look = {.fd = descriptor};

	return poll(&look, 1, 0) > 0;
}

int process_identify_peer(int descriptor, int64_t pid, int64_t uid, struct process *ret_process)
{
	struct process process;
	int64_t uid_now = -1;
	int result = process_identify(pid, &process);

	if (result == 0)
		result = read_uid(pid, &uid_now);
	/* last: who has not hung up has held the pid since it connected */
	if (result == -ENOENT || result == -ESRCH || (result == 0 && uid_now != uid) ||
		is_hung_up(descriptor))
		return PROCESS_GONE;
	if (result == 0)
		*ret_process = process;
	return result;
}

int processes_new(struct processes **ret_processes)
{
	struct processes *processes = memory_allocate(sizeof(*processes));
	struct epoll_event event = {.events = EPOLLIN};
	int result = read_boot(processes->boot);

	list_init(&processes->watched);
	list_init(&processes->ended);
	processes->epoll = epoll_create1(EPOLL_CLOEXEC);
	processes->ended_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (result == 0 && (processes->epoll < 0 || processes->ended_event < 0 ||
				   epoll_ctl(processes->epoll, EPOLL_CTL_ADD,
					   processes->ended_event, &event) < 0))
		result = error_from_errno();
	if (result < 0)
		processes_free(processes);
	else
		*ret_processes = processes;
	return result;
}

/* A closed pidfd leaves the epoll by itself. */
static void close_pidfd(struct watched *watched)
{
	if (watched->pidfd >= 0)
		close(watched->pidfd);
	watched->pidfd = -1;
}

static void forget(struct processes *processes, struct watched *watched)
{
	map_take(&processes->by_process, (const char *)&watched->process, sizeof(watched->process));
	list_remove(&watched->link);
	close_pidfd(watched);
	free(watched);
}

static void forget_all(struct processes *processes, struct list_link *list, uint64_t asked)
{
	list_for_each(at, list) {
		struct watched *watched = container_of(at, struct watched, link);

		if (watched->asked < asked)
			forget(processes, watched);
	}
}

struct processes *processes_free(struct processes *processes)
{
	if (!processes)
		return NULL;
	forget_all(processes, &processes->watched, UINT64_MAX);
	forget_all(processes, &processes->ended, UINT64_MAX);
	map_done(&processes->by_process);
	if (processes->epoll >= 0)
		close(processes->epoll);
	if (processes->ended_event >= 0)
		close(processes->ended_event);
	free(processes);
	return NULL;
}

int processes_descriptor(const struct processes *processes)
{
	return processes->epoll;
}

/* Keeps the descriptor readable as long as something waits to be taken, and no longer. */
static void show_ended(const struct processes *processes)
{
	uint64_t count = 1;

	if (list_is_empty(&processes->ended))
		(void)!read(processes->ended_event, &count, sizeof(count));
	else
		(void)!write(processes->ended_event, &count, sizeof(count));
}

static void note_end(struct processes *processes, struct watched *watched)
{
	close_pidfd(watched);
	list_remove(&watched->link);
	list_append(&processes->ended, &watched->link);
}

/* Every byte is set: they are a key. */
static void copy_process(struct process *copy, const struct process *process)
{
	memset(copy, 0, sizeof(*copy));
	copy->pid = process->pid;
	copy->start = process->start;
	memcpy(copy->boot, process->boot, strnlen(process->boot, sizeof(copy->boot) - 1));
}

static int open_watched(const struct processes *processes, struct watched *watched)
{
	const struct process *process = &watched->process;
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = watched};
	uint64_t start;
	int result;

	if (strcmp(process->boot, processes->boot) != 0)
		return PROCESS_GONE;
	result = open_process(process->pid, &watched->pidfd, &start);
	if (result)
		return result;
	if (start != process->start)
		return PROCESS_GONE;
	return epoll_ctl(processes->epoll, EPOLL_CTL_ADD, watched->pidfd, &event) < 0
		       ? error_from_errno()
		       : 0;
}

static int watch(struct processes *processes, const struct process *wanted)
{
	struct watched *watched = memory_allocate(sizeof(*watched));
	int result;

	copy_process(&watched->process, wanted);
	watched->pidfd = -1;
	watched->asked = processes->asks;
	list_append(&processes->watched, &watched->link);
	map_add(&processes->by_process, (const char *)&watched->process, sizeof(watched->process),
		watched);
	result = open_watched(processes, watched);
	if (result < 0)
		forget(processes, watched);
	else if (result == PROCESS_GONE)
		note_end(processes, watched);
	return result < 0 ? result : 0;
}

static struct watched *find(const struct processes *processes, const struct process *process)
{
	struct process key;

	copy_process(&key, process);
	return map_find(&processes->by_process, (const char *)&key, sizeof(key));
}

int processes_watch(struct processes *processes, const struct process *wanted, size_t count)
{
	struct vector news = {0};
	int first_error = 0;

	processes->asks++;
	for (size_t i = 0; i < count; i++) {
		struct watched *watched = find(processes, &wanted[i]);

		if (!watched) {
			vector_add(&news, (void *)&wanted[i]);
			continue;
		}
		watched->asked = processes->asks;
		if (watched->pidfd < 0)
			note_end(processes, watched);
	}
	forget_all(processes, &processes->watched, processes->asks);
	forget_all(processes, &processes->ended, processes->asks);
	for (size_t i = 0; i < news.count; i++) {
		const struct process *process = news.items[i];
		int result = find(processes, process) ? 0 : watch(processes, process);

		if (first_error == 0)
			first_error = result;
	}
	vector_done(&news);
	show_ended(processes);
	return first_error;
}

static void look_for_ends(struct processes *processes)
{
	struct epoll_event events[ENDS];
	int count = epoll_wait(processes->epoll, events, ENDS, 0);

	for (int i = 0; i < count; i++)
		if (events[i].data.ptr)
			note_end(processes, events[i].data.ptr);
}

bool processes_take_ended(struct processes *processes, struct process *ret_process)
{
	struct watched *watched;

	if (list_is_empty(&processes->ended))
		look_for_ends(processes);
	if (list_is_empty(&processes->ended))
		return false;
	watched = container_of(processes->ended.next, struct watched, link);
	list_remove(&watched->link);
	list_append(&processes->watched, &watched->link); /* not looked for again while wanted */
	show_ended(processes);
	*ret_process = watched->process;
	return true;
}
