/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forms in which a person may name a device. Pure, and strict: what is only nearly a slot or a
 * port path is left alone. */
#include "identifier.h"

#include "output.h"

#include <stdlib.h>
#include <string.h>

struct slot {
	unsigned int domain;
	unsigned int bus;
	unsigned int device;
	unsigned int function;
};

/* Takes 1 to most (8 at the highest) hexadecimal digits of a number not above the largest; NULL if
 * there are none. */
static const char *take_hex(
	const char *text, size_t most, unsigned int largest, unsigned int *ret_number)
{
	size_t length = strspn(text, "0123456789abcdefABCDEF");
	char digits[9] = "";
	unsigned int number;

	if (length > most)
		length = most;
	memcpy(digits, text, length);
	number = (unsigned int)strtoul(digits, NULL, 16);
	if (length == 0 || number > largest)
		return NULL;
	*ret_number = number;
	return text + length;
}

static const char *take_mark(const char *text, char mark)
{
	return text && *text == mark ? text + 1 : NULL;
}

/* Takes bus, device and function, with these marks between them. */
static const char *take_place(const char *text, const char *marks, struct slot *slot)
{
	text = take_hex(text, 2, 0xff, &slot->bus);
	text = take_mark(text, marks[0]);
	text = text ? take_hex(text, 2, 0x1f, &slot->device) : NULL;
	text = take_mark(text, marks[1]);
	return text ? take_hex(text, 1, 7, &slot->function) : NULL;
}

/* Takes a slot with or without a domain; NULL if there is none. */
static const char *take_slot(const char *text, const char *marks, struct slot *slot)
{
	const char *place = take_hex(text, 8, 0xffffffff, &slot->domain);
	const char *end = take_mark(place, marks[0]);

	end = end ? take_place(end, marks, slot) : NULL;
	if (end)
		return end;
	slot->domain = 0;
	return take_place(text, marks, slot);
}

/* kind and slot as an id, if text is a slot that ends before one of the characters of ends. */
static char *from_slot(const char *kind, const char *text, const char *marks, const char *ends)
{
	struct slot slot = {0};
	const char *rest = take_slot(text, marks, &slot);

	if (!rest || !strchr(ends, *rest))
		return NULL;
	return output_format("%s:%04x:%02x:%02x.%x%s", kind, slot.domain, slot.bus, slot.device,
		slot.function, rest);
}

/* Takes 1 to 3 decimal digits. */
static const char *take_digits(const char *text)
{
	size_t length = strspn(text, "0123456789");

	return length >= 1 && length <= 3 ? text + length : NULL;
}

/* A port path as an id: BUS, the first mark, then ports with the second mark between them. */
static char *from_ports(const char *text, const char *marks)
{
	const char *end = take_digits(text);
	char *id;

	if (!end || *end != marks[0])
		return NULL;
	do
		end = take_digits(end + 1);
	while (end && *end == marks[1]);
	if (!end || *end)
		return NULL;
	id = output_format("usb:%s", text);
	for (char *mark = id; (mark = strchr(mark, '_'));)
		*mark = strchr(id, '-') ? '.' : '-';
	return id;
}

static char *from_usb(const char *text, const char *marks)
{
	const char *end = strncasecmp(text, "usb", 3) == 0 ? take_digits(text + 3) : NULL;

	return end && !*end ? output_format("usb:usb%s", text + 3) : from_ports(text, marks);
}

static const char *after(const char *text, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncasecmp(text, prefix, length) == 0 ? text + length : NULL;
}

char *identifier_resolve(const char *text)
{
	const char *rest;
	char *id;

	if ((rest = after(text, "pci:")))
		id = from_slot("pci", rest, ":.", "");
	else if ((rest = after(text, "vgpu:")))
		id = from_slot("vgpu", rest, ":.", "/");
	else if ((rest = after(text, "usb:")))
		id = from_usb(rest, "-.");
	else if ((rest = after(text, "pci_")))
		id = from_slot("pci", rest, "__", "");
	else if ((rest = after(text, "usb_")))
		id = from_usb(rest, "__");
	else if (!(id = from_slot("pci", text, ":.", "")))
		id = from_usb(text, "-.");
	return id ? id : output_must(strdup(text));
}
