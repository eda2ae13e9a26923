/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"
#include "daemon.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int run(const struct options *options)
{
	struct daemon *daemon;
	int result = daemon_new(options, &daemon);

	if (result == 0) {
		result = daemon_run(daemon);
		daemon_free(daemon);
	}
	return result == 0 ? EXIT_SUCCESS : result > 0 ? EXIT_INVALID : EXIT_FAILURE;
}

static int act(const struct options *options)
{
	switch (options->action) {
	case ACTION_RUN:
		return run(options);
	case ACTION_CHECK:
		return report_check(options);
	case ACTION_FIELDS:
		report_fields(options);
		return EXIT_SUCCESS;
	case ACTION_VERSION:
		puts("hostdevd " HOSTDEVD_VERSION);
		return EXIT_SUCCESS;
	case ACTION_HELP:
		options_print_help();
		return EXIT_SUCCESS;
	}
	return EXIT_FAILURE;
}

/* Output that nobody could read is no success. */
static int close_output(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	log_error("cannot write to standard output: %m");
	return status ? status : EXIT_FAILURE;
}

int main(int count, char **arguments)
{
	struct options options;
	int status;

	log_open();
	if (options_parse(count, arguments, &options) != 0)
		return EXIT_USAGE;
	if (options.debug)
		log_set_level(LOG_LEVEL_DEBUG);
	status = close_output(act(&options));
	options_done(&options);
	return status;
}
