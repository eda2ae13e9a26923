/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vGPU candidates, from both layouts of NVIDIA's drivers:
 *
 *   mdev_supported_types/nvidia-558/{name,description,available_instances,devices/}
 *   nvidia/creatable_vgpu_types, lines `558 : NVIDIA A40-8Q`, with or without a line of titles
 *
 * A VF carries one vGPU. A function of a board without SR-IOV makes several of a type: each is a
 * candidate with a number, even where it is one only, so that ids do not depend on how many.
 */
#include "io/probe/vgpu.h"

#include "base/memory.h"
#include "base/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VENDOR_NVIDIA	"10de"
#define MDEV_TYPES	"mdev_supported_types"
#define CREATABLE_TYPES "nvidia/creatable_vgpu_types"
#define MDEV_PREFIX	"nvidia-"

/* Far beyond what boards have (some 60 types, 32 of one): so much is made of a hostile folder. */
#define MOST_TYPES	512
#define MOST_OF_TYPE	1024
#define MOST_CANDIDATES 8192

struct vgpu_type {
	uint64_t id;
	uint64_t count; /* candidates with numbers; 0: one without */
	char *name;	/* of the profile; empty: it has none */
};

struct type_reader {
	struct folder *folder;
	struct vector types; /* of struct vgpu_type, by id */
	bool numbered;
};

/* The type of this id, new and without a name; NULL: it is known, or there are too many. */
static struct vgpu_type *add_type(struct type_reader *reader, uint64_t id)
{
	struct vector *types = &reader->types;
	size_t at = types->count;
	struct vgpu_type *type;

	while (at > 0 && ((struct vgpu_type *)types->items[at - 1])->id >= id) {
		type = types->items[--at];
		if (type->id == id)
			return NULL;
	}
	if (types->count >= MOST_TYPES)
		return NULL;
	type = memory_allocate(sizeof(*type));
	type->id = id;
	vector_insert(types, at, type);
	return type;
}

static void free_types(struct vector *types)
{
	for (size_t i = 0; i < types->count; i++) {
		struct vgpu_type *type = types->items[i];

		free(type->name);
		free(type);
	}
	vector_done(types);
}

/* A copy without blanks around. */
static char *trim(const char *start, size_t length)
{
	char *copy;

	while (length > 0 && strchr(" \t\r", *start)) {
		start++;
		length--;
	}
	while (length > 0 && strchr(" \t\r", start[length - 1]))
		length--;
	copy = memory_allocate(length + 1);
	memcpy(copy, start, length);
	return copy;
}

/* An id as the kernel writes it: 0 is none, and a leading 0 would be a second spelling. */
static bool parse_id(const char *digits, size_t length, uint64_t *ret_id)
{
	return length > 0 && digits[0] != '0' &&
	       number_parse(digits, length, 10, UINT32_MAX, ret_id);
}

/* A line of creatable_vgpu_types; one of any other form, such as the titles, is no type. */
static void take_line(struct type_reader *reader, const char *line, size_t length)
{
	size_t start = strspn(line, " \t");
	size_t digits = strspn(line + start, "0123456789");
	const char *colon = line + start + digits + strspn(line + start + digits, " \t");
	struct vgpu_type *type;
	uint64_t id;

	if (colon >= line + length || *colon != ':' || !parse_id(line + start, digits, &id))
		return;
	type = add_type(reader, id);
	if (type)
		type->name = trim(colon + 1, length - (size_t)(colon + 1 - line));
}

static void read_creatable(struct type_reader *reader)
{
	char list[ATTRIBUTE_SIZE];

	if (!folder_read(reader->folder, CREATABLE_TYPES, list))
		return;
	for (const char *line = list; *line;) {
		size_t length = strcspn(line, "\n");

		take_line(reader, line, length);
		line += length + (line[length] == '\n');
	}
}

static void count_entry(const char *entry, void *context)
{
	uint64_t *count = context;

	(void)entry;
	(*count)++;
}

/* How many of a type a function makes: what its description says, else those there are and may be.
 */
static uint64_t count_instances(struct folder *folder, const char *type)
{
	char name[sizeof(MDEV_TYPES "//available_instances") + ENTRY_SIZE];
	char description[ATTRIBUTE_SIZE];
	const char *most = NULL;
	uint64_t available = 0;
	uint64_t count = 0;

	snprintf(name, sizeof(name), MDEV_TYPES "/%s/description", type);
	if (folder_read(folder, name, description))
		most = strstr(description, "max_instance=");
	if (most) {
		most += strlen("max_instance=");
		number_parse(most, strspn(most, "0123456789"), 10, UINT32_MAX, &count);
	}
	if (count == 0) {
		snprintf(name, sizeof(name), MDEV_TYPES "/%s/available_instances", type);
		folder_read_number(folder, name, 10, UINT32_MAX, &available);
		snprintf(name, sizeof(name), MDEV_TYPES "/%s/devices", type);
		folder_walk(folder, name, count_entry, &count);
		count += available;
	}
	return count < 1 ? 1 : count > MOST_OF_TYPE ? MOST_OF_TYPE : count;
}

static void take_mdev_type(const char *entry, void *context)
{
	struct type_reader *reader = context;
	size_t prefix = strlen(MDEV_PREFIX);
	char path[sizeof(MDEV_TYPES "//name") + ENTRY_SIZE];
	char name[ATTRIBUTE_SIZE];
	struct vgpu_type *type;
	uint64_t id;

	if (strncmp(entry, MDEV_PREFIX, prefix) != 0 ||
		!parse_id(entry + prefix, strlen(entry + prefix), &id))
		return;
	type = add_type(reader, id);
	if (!type)
		return;
	snprintf(path, sizeof(path), MDEV_TYPES "/%s/name", entry);
	if (folder_read(reader->folder, path, name))
		type->name = trim(name, strlen(name));
	if (reader->numbered)
		type->count = count_instances(reader->folder, entry);
}

static void set_name(struct facts *candidate, struct text_pool *pool, const struct vgpu_type *type)
{
	char number[sizeof(MDEV_PREFIX "4294967295")];

	snprintf(number, sizeof(number), MDEV_PREFIX "%" PRIu32, (uint32_t)type->id);
	facts_set(candidate, pool, FIELD_TYPE_ID, number);
	facts_put(candidate, FIELD_NAME, NULL);
	if (type->name && type->name[0] != '\0')
		facts_set(candidate, pool, FIELD_NAME, type->name);
	candidate->name = facts_value(candidate, FIELD_NAME)
				  ? text_ref(facts_value(candidate, FIELD_NAME))
				  : text_intern_string(pool, number);
}

/* A candidate has of its function every field that its kind has too. `number` 0: none. */
static struct facts *new_candidate(const struct facts *function, struct text_pool *pool,
	const struct vgpu_type *type, uint64_t number)
{
	struct buffer id = {0};
	struct facts *candidate;

	buffer_format(&id, "%s%s/%" PRIu64, kind_describe(KIND_VGPU)->prefix,
		facts_value(function, FIELD_SLOT)->bytes, type->id);
	if (number > 0)
		buffer_format(&id, ".%" PRIu64, number);
	candidate =
		facts_new(text_intern(pool, buffer_string(&id), id.length), KIND_MASK(KIND_VGPU));
	buffer_done(&id);
	candidate->life = function->life;
	candidate->parent = text_ref(function->id);
	for (enum field field = 0; field < FIELD_COUNT; field++)
		if (field_describe(field)->kinds & KIND_MASK(KIND_VGPU))
			facts_put(candidate, field, text_ref(facts_value(function, field)));
	facts_put(
		candidate, FIELD_VIRTUAL_FUNCTION, text_ref(facts_value(function, FIELD_VF_INDEX)));
	if (text_is(facts_value(function, FIELD_FUNCTION), "physical"))
		facts_put(candidate, FIELD_PHYSICAL_FUNCTION,
			text_ref(facts_value(function, FIELD_SLOT)));
	set_name(candidate, pool, type);
	return candidate;
}

static void add_candidates_of_type(
	struct vector *found, struct text_pool *pool, const struct vgpu_type *type)
{
	uint64_t first = type->count > 0;

	for (uint64_t number = first; number <= type->count; number++)
		if (found->count <= MOST_CANDIDATES)
			vector_add(found, new_candidate(found->items[0], pool, type, number));
}

static bool is_of_nvidia(const struct facts *function)
{
	const char *ids = facts_value(function, FIELD_VENDOR_DEVICE)->bytes;

	return strncmp(ids, VENDOR_NVIDIA ":", strlen(VENDOR_NVIDIA ":")) == 0;
}

void vgpu_add_candidates(struct vector *found, struct text_pool *pool, struct folder *folder)
{
	struct facts *function = found->items[0];
	struct type_reader reader = {
		.folder = folder,
		.numbered = !text_is(facts_value(function, FIELD_FUNCTION), "virtual"),
	};

	function->offers_vgpus =
		is_of_nvidia(function) &&
		(folder_has(folder, MDEV_TYPES) || folder_has(folder, CREATABLE_TYPES));
	if (!function->offers_vgpus)
		return;
	folder_walk(folder, MDEV_TYPES, take_mdev_type, &reader);
	read_creatable(&reader);
	for (size_t i = 0; i < reader.types.count; i++)
		add_candidates_of_type(found, pool, reader.types.items[i]);
	free_types(&reader.types);
}
