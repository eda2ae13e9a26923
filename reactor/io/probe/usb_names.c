/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/probe/usb_names.h"

#include "base/error.h"
#include "base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define LARGEST_LIST ((size_t)16 << 20)

void usb_names_done(struct usb_names *names)
{
	buffer_done(&names->list);
	names->read = false;
}

const char *const usb_names_places[] = {
	"/usr/share/misc/usb.ids",
	"/var/lib/usbutils/usb.ids",
	"/usr/share/hwdata/usb.ids",
	NULL,
};

/* Every line is between two line ends, so that a search for its start can name the one before. */
void usb_names_read(struct usb_names *names, const char *const *places)
{
	int result = -ENOENT;

	buffer_add_byte(&names->list, '\n');
	for (; *places && result < 0; places++)
		result = file_read_at(AT_FDCWD, *places, LARGEST_LIST, &names->list);
	buffer_add_byte(&names->list, '\n');
	names->read = true;
}

static const char *list_text(struct usb_names *names)
{
	if (!names->read)
		usb_names_read(names, usb_names_places);
	return buffer_string(&names->list);
}

/* The name in the line that starts with `start` and lies before `end`; NULL if there is none. */
static const char *find(const char *from, const char *end, const char *start)
{
	const char *line = memmem(from, (size_t)(end - from), start, strlen(start));

	return line ? line + strlen(start) : NULL;
}

static const char *find_vendor(struct usb_names *names, unsigned vendor)
{
	const char *list = list_text(names);
	char start[sizeof("\n0123  ")];

	snprintf(start, sizeof(start), "\n%04x  ", vendor & 0xffff);
	return find(list, list + names->list.length, start);
}

static void add_line(struct buffer *name, const char *line)
{
	buffer_add(name, line, strcspn(line, "\r\n"));
}

/* A vendor's products follow it, each after a tab; the first line without one ends them. */
static const char *end_of_products(const char *line)
{
	do
		line = strchrnul(line, '\n');
	while (line[0] == '\n' && (line[1] == '\t' || line[1] == '#') && line++);
	return line;
}

bool usb_names_vendor(struct usb_names *names, unsigned vendor, struct buffer *ret_name)
{
	const char *name = find_vendor(names, vendor);

	if (name)
		add_line(ret_name, name);
	return name != NULL;
}

bool usb_names_product(
	struct usb_names *names, unsigned vendor, unsigned product, struct buffer *ret_name)
{
	const char *name = find_vendor(names, vendor);
	char start[sizeof("\n\t0123  ")];

	if (!name)
		return false;
	snprintf(start, sizeof(start), "\n\t%04x  ", product & 0xffff);
	name = find(name, end_of_products(name), start);
	if (name)
		add_line(ret_name, name);
	return name != NULL;
}
