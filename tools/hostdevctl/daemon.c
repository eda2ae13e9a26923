/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's program as a source of facts. Rules and fields are the daemon's; a second reader of
 * them in here was rejected, for one day the two would differ.
 */
#include "daemon.h"

#include "output.h"
#include "program.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where it can lie, from the folder of our own executable on: as built, and as installed. */
static const char *const places[] = {
	"hostdevd", "../sbin/hostdevd", "../libexec/hostdevd/hostdevd"};

/* The folder of our own executable with its slash; empty if that cannot be found out. */
static size_t find_own_folder(char path[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);

	while (length > 0 && path[length - 1] != '/')
		length--;
	return length > 0 ? (size_t)length : 0;
}

static bool find_daemon(char path[PATH_MAX])
{
	size_t folder = find_own_folder(path);

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (folder + strlen(places[i]) >= PATH_MAX)
			continue;
		strcpy(path + folder, places[i]);
		if (access(path, X_OK) == 0)
			return true;
	}
	path[folder] = '\0';
	output_complain("hostdevd is needed for this, and is neither %shostdevd nor %s%s nor %s%s",
		path, path, places[1], path, places[2]);
	return false;
}

static bool ended_well(int wait_status)
{
	return WIFEXITED(wait_status) &&
	       (WEXITSTATUS(wait_status) == EXIT_DONE || WEXITSTATUS(wait_status) == EXIT_INVALID);
}

enum exit_status daemon_ask(const char *const *arguments, struct hostdev_value **ret_value)
{
	char path[PATH_MAX];
	char *output;
	size_t length;
	int wait_status, r;

	if (!find_daemon(path))
		return EXIT_FAILED;
	r = program_read(path, arguments, &output, &length, &wait_status);
	if (r < 0) {
		output_complain("cannot run %s: %s", path, strerror(-r));
		return EXIT_FAILED;
	}
	r = ended_well(wait_status) ? hostdev_value_parse(output, length, ret_value) : -ECHILD;
	free(output);
	if (r == -ECHILD)
		output_complain("%s %s failed", path, arguments[1]);
	else if (r < 0)
		output_complain("%s %s printed no JSON", path, arguments[1]);
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}
