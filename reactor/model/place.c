/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/place.h"

#include "model/address.h"

#include <stdio.h>
#include <string.h>

#define PORT_TIERS 7

static bool is_address(const char *name)
{
	char exact[ADDRESS_SIZE];
	struct address address;

	if (!address_parse(name, &address))
		return false;
	address_format(address, exact);
	return strcmp(exact, name) == 0;
}

/* Skips a number of one to three digits that does not begin with 0; NULL if there is none. */
static const char *skip_number(const char *digits)
{
	size_t length = strspn(digits, "0123456789");

	return length >= 1 && length <= 3 && *digits != '0' ? digits + length : NULL;
}

static bool is_root_hub(const char *name)
{
	const char *rest = strncmp(name, "usb", 3) == 0 ? skip_number(name + 3) : NULL;

	return rest && *rest == '\0';
}

static bool is_usb_device(const char *name)
{
	const char *rest = skip_number(name);
	unsigned tiers = 0;

	if (is_root_hub(name))
		return true;
	if (!rest || *rest != '-')
		return false;
	do
		rest = skip_number(rest + 1);
	while (rest && *rest == '.' && ++tiers < PORT_TIERS);
	return rest && *rest == '\0';
}

/* Whether a folder of this name is one of the kind's; NULL: it has no folders. */
static bool (*const has_name[KIND_COUNT])(const char *name) = {
	[KIND_PCI] = is_address,
	[KIND_USB] = is_usb_device,
};

enum kind place_kind(const char *name, size_t length)
{
	char copy[PLACE_NAME_SIZE];
	enum kind kind = 0;

	if (length >= sizeof(copy) || memchr(name, '\0', length))
		return KIND_COUNT;
	memcpy(copy, name, length);
	copy[length] = '\0';
	while (kind < KIND_COUNT && !(has_name[kind] && has_name[kind](copy)))
		kind++;
	return kind;
}

enum kind place_of_id(const char *id, const char **ret_name)
{
	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		const char *name = kind_skip_prefix(kind, id);

		if (!name || place_kind(name, strlen(name)) != kind)
			continue;
		*ret_name = name;
		return kind;
	}
	return KIND_COUNT;
}

bool place_is_root_hub(const char *id)
{
	const char *name = kind_skip_prefix(KIND_USB, id);

	return name && is_root_hub(name);
}

bool place_nearest(
	const char *path, size_t length, unsigned kinds, char ret_id[static PLACE_ID_SIZE])
{
	while (length > 0) {
		const char *slash = memrchr(path, '/', length);
		const char *name = slash ? slash + 1 : path;
		size_t size = length - (size_t)(name - path);
		enum kind kind = place_kind(name, size);

		if (kind != KIND_COUNT && (kinds & KIND_MASK(kind))) {
			snprintf(ret_id, PLACE_ID_SIZE, "%s%.*s", kind_describe(kind)->prefix,
				(int)size, name);
			return true;
		}
		length = slash ? (size_t)(slash - path) : 0;
	}
	return false;
}
