/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/kind.h"

#include "base/table.h"

#include <stddef.h>
#include <string.h>

#define DESCRIPTION(kind, name, plural, bus, subsystem, devtype, carrier, bound)                   \
	[kind] = {name, name ":", plural, bus, subsystem, devtype, carrier, bound},
static const struct kind_description descriptions[KIND_COUNT] = {KIND_LIST(DESCRIPTION)};
#undef DESCRIPTION

#define CHECK(kind, name, ...)                                                                     \
	_Static_assert(sizeof(name ":") <= KIND_PREFIX_SIZE, "KIND_PREFIX_SIZE is too small");
KIND_LIST(CHECK)
#undef CHECK

const struct kind_description *kind_describe(enum kind kind)
{
	return &descriptions[kind];
}

const char *kind_name(enum kind kind)
{
	return descriptions[kind].name;
}

enum kind kind_find(const char *name)
{
	return TABLE_FIND(descriptions, name);
}

static bool is_of_event(
	const struct kind_description *description, const char *subsystem, const char *devtype)
{
	return description->subsystem && strcmp(description->subsystem, subsystem) == 0 &&
	       (!description->devtype || (devtype && strcmp(description->devtype, devtype) == 0));
}

enum kind kind_of_event(const char *subsystem, const char *devtype)
{
	enum kind kind = subsystem ? 0 : KIND_COUNT;

	while (kind < KIND_COUNT && !is_of_event(&descriptions[kind], subsystem, devtype))
		kind++;
	return kind;
}

const char *kind_skip_prefix(enum kind kind, const char *id)
{
	size_t length = strlen(descriptions[kind].prefix);

	return strncmp(id, descriptions[kind].prefix, length) == 0 ? id + length : NULL;
}

enum kind kind_first(unsigned kinds)
{
	enum kind kind = 0;

	while (kind < KIND_COUNT - 1 && !(kinds & KIND_MASK(kind)))
		kind++;
	return kind;
}
