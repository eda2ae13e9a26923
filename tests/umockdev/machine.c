/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A mocked machine for a daemon in another process: the recordings named as arguments, and what
 * stdin says, a line each. Prints the folder that stands for the root, and after each line `done`;
 * ends with its input.
 *
 *   set DEVICE ATTRIBUTE VALUE   \n in the value is a line end
 *   link DEVICE NAME TARGET
 *   event DEVICE ACTION
 *
 * DEVICE is a path, /sys/devices/...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <umockdev.h>

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "machine: %s: %s\n", what, why);
	exit(1);
}

static void load(UMockdevTestbed *testbed, const char *recording)
{
	GError *error = NULL;

	if (!umockdev_testbed_add_from_file(testbed, recording, &error))
		fail(recording, error->message);
}

static void set(UMockdevTestbed *testbed, const char *device, const char *attribute, char *value)
{
	for (char *end; (end = strstr(value, "\\n"));) {
		*end = '\n';
		memmove(end + 1, end + 2, strlen(end + 2) + 1);
	}
	umockdev_testbed_set_attribute(testbed, device, attribute, value);
}

static void obey(UMockdevTestbed *testbed, char *line)
{
	const char *verb = strsep(&line, " ");
	const char *device = line ? strsep(&line, " ") : "";
	const char *name = line ? strsep(&line, " ") : "";

	if (strcmp(verb, "set") == 0)
		set(testbed, device, name, line);
	else if (strcmp(verb, "link") == 0)
		umockdev_testbed_set_attribute_link(testbed, device, name, line);
	else if (strcmp(verb, "event") == 0)
		umockdev_testbed_uevent(testbed, device, name);
	else
		fail(verb, "no such line");
}

int main(int count, char **arguments)
{
	UMockdevTestbed *testbed = umockdev_testbed_new();
	char *root = umockdev_testbed_get_root_dir(testbed);
	char *line = NULL;
	size_t size = 0;

	setlinebuf(stdout);
	for (int i = 1; i < count; i++)
		load(testbed, arguments[i]);
	puts(root);
	while (getline(&line, &size, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		obey(testbed, line);
		puts("done");
	}
	free(line);
	g_free(root);
	g_object_unref(testbed);
	return 0;
}
