/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include "base/table.h"
#include "rules/files.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_CONFIG "/etc/hostdevd/hostdevd.conf"
#define DEFAULT_SOCKET "/run/hostdevd/hostdevd.sock"
#define DEFAULT_STATE  "/var/lib/hostdevd"

TABLE_BEGIN(monitor_names);
static const char *const monitor_names[MONITOR_COUNT] = {
	ROW(MONITOR_AUTO) = "auto",
	ROW(MONITOR_UDEV) = "udev",
	ROW(MONITOR_KERNEL) = "kernel",
};
TABLE_END(monitor_names, MONITOR_COUNT);

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"rules", required_argument, NULL, 'r'},
	{"socket", required_argument, NULL, 's'},
	{"state", required_argument, NULL, 'S'},
	{"monitor", required_argument, NULL, 'm'},
	{"check", no_argument, NULL, 'C'},
	{"fields", no_argument, NULL, 'F'},
	{"json", no_argument, NULL, 'j'},
	{"debug", no_argument, NULL, 'd'},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static int parse_monitor(const char *name, enum monitor_choice *ret_choice)
{
	enum monitor_choice choice = TABLE_FIND(monitor_names, name);

	if (choice < MONITOR_COUNT) {
		*ret_choice = choice;
		return 0;
	}
	fprintf(stderr, "hostdevd: --monitor %s: must be auto, udev or kernel\n", name);
	return OPTIONS_WRONG;
}

static int parse_one(struct options *options, int option)
{
	switch (option) {
	case 'c':
		options->config = optarg;
		return 0;
	case 'r':
		vector_add(&options->rule_directories, optarg);
		options->rules_named = true;
		return 0;
	case 's':
		options->socket = optarg;
		return 0;
	case 'S':
		options->state = optarg;
		return 0;
	case 'm':
		return parse_monitor(optarg, &options->monitor);
	case 'C':
		options->action = ACTION_CHECK;
		return 0;
	case 'F':
		options->action = ACTION_FIELDS;
		return 0;
	case 'j':
		options->json = true;
		return 0;
	case 'd':
		options->debug = true;
		return 0;
	case 'V':
		options->action = ACTION_VERSION;
		return 0;
	case 'h':
		options->action = ACTION_HELP;
		return 0;
	default: /* getopt_long has said what is wrong */
		fputs("hostdevd: see hostdevd --help\n", stderr);
		return OPTIONS_WRONG;
	}
}

int options_parse(int count, char **arguments, struct options *ret_options)
{
	struct options options = {
		.config = DEFAULT_CONFIG, .socket = DEFAULT_SOCKET, .state = DEFAULT_STATE};
	int option;
	int result = 0;

	while (result == 0 &&
		(option = getopt_long(count, arguments, "jh", long_options, NULL)) != -1)
		result = parse_one(&options, option);
	if (result == 0 && optind < count) {
		fprintf(stderr, "hostdevd: %s: takes no arguments, only options; see --help\n",
			arguments[optind]);
		result = OPTIONS_WRONG;
	}
	if (result) {
		options_done(&options);
		return result;
	}
	if (options.rule_directories.count == 0)
		for (const char *const *at = rule_default_directories; *at; at++)
			vector_add(&options.rule_directories, (void *)(uintptr_t)*at);
	*ret_options = options;
	return 0;
}

void options_done(struct options *options)
{
	vector_done(&options->rule_directories);
}

void options_print_help(void)
{
	fputs("Usage: hostdevd [OPTION]...\n"
	      "Sort PCI functions and USB devices into resource groups, and tell subscribers.\n"
	      "\n"
	      "  --config FILE      configuration [" DEFAULT_CONFIG "]\n"
	      "  --rules DIR        rule files, repeatable; replaces the three directories\n",
		stdout);
	for (const char *const *at = rule_default_directories; *at; at++)
		printf("                     [%s]\n", *at);
	fputs("  --socket PATH      where clients connect [" DEFAULT_SOCKET "]\n"
	      "  --state DIR        what must last; made if missing [" DEFAULT_STATE "]\n"
	      "  --monitor SOURCE   of events: auto, udev or kernel [auto]\n"
	      "  --check            check configuration and rules, and exit: 0 valid, 8 not\n"
	      "  --fields           print what rules can ask for, and exit\n"
	      "  -j, --json         with --check and --fields: as JSON\n"
	      "  --debug            log more\n"
	      "  --version          print the version, and exit\n"
	      "  -h, --help         print this, and exit\n"
	      "\n"
	      "SIGHUP reads configuration and rules again; SIGTERM ends.\n"
	      "The client is hostdevctl: hostdevctl status, hostdevctl watch.\n",
		stdout);
}
