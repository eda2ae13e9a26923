/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/subscriber.h"

#include "base/memory.h"
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

struct known {
	char *id;
	struct text *json;
	struct text *group; /* of a device */
};

static void known_free(struct known *known)
{
	free(known->id);
	text_unref(known->json);
	text_unref(known->group);
	free(known);
}

void subscriber_done(struct subscriber *subscriber)
{
	for (size_t i = 0; i < subscriber->devices.count; i++)
		known_free(subscriber->devices.items[i]);
	for (size_t i = 0; i < subscriber->instances.count; i++)
		known_free(subscriber->instances.items[i]);
	vector_done(&subscriber->devices);
	vector_done(&subscriber->instances);
	*subscriber = (struct subscriber){0};
}

static const char *member(const struct text *json, const char *key, size_t *ret_length)
{
	char needle[32];
	const char *start;

	snprintf(needle, sizeof(needle), "\"%s\":\"", key);
	start = strstr(json->bytes, needle);
	if (!start)
		return NULL;
	start += strlen(needle);
	*ret_length = strcspn(start, "\"");
	return start;
}

struct text *subscriber_member(struct text_pool *pool, const struct text *json, const char *key)
{
	size_t length;
	const char *start = member(json, key, &length);

	return start ? text_intern(pool, start, length) : NULL;
}

static size_t find(const struct vector *list, const struct text *json)
{
	size_t length = 0;
	const char *id = member(json, "id", &length);
	size_t at = 0;

	for (; at < list->count; at++) {
		const struct known *known = list->items[at];

		if (strlen(known->id) == length && strncmp(known->id, id, length) == 0)
			break;
	}
	return at;
}

static struct known *get(const struct vector *list, const struct text *json)
{
	size_t at = find(list, json);

	if (at == list->count)
		fail_msg("unknown before: %s", json->bytes);
	return list->items[at];
}

static void add(struct vector *list, struct text *json)
{
	struct known *known = memory_allocate(sizeof(*known));
	size_t length = 0;
	const char *id = member(json, "id", &length);

	if (find(list, json) < list->count)
		fail_msg("known before: %s", json->bytes);
	known->id = strndup(id, length);
	known->json = text_ref(json);
	vector_add(list, known);
}

static void drop(struct vector *list, const struct text *json)
{
	(void)get(list, json);
	known_free(vector_remove(list, find(list, json)));
}

static void change_json(const struct vector *list, struct text *json)
{
	text_replace(&get(list, json)->json, text_ref(json));
}

/* The state in an Instance must change as the event says. */
static void change_presence(
	struct subscriber *subscriber, const struct change *change, const char *from)
{
	size_t length = 0;
	const struct known *known = get(&subscriber->instances, change->instance);
	const char *state = member(known->json, "state", &length);

	/* created after its device went, so that it is missing from the start */
	if (strncmp(from, "ready", 5) == 0 && known->json == change->instance)
		return;
	assert_memory_equal(state, from, length);
	change_json(&subscriber->instances, change->instance);
}

void subscriber_apply(struct subscriber *subscriber, const struct change *change)
{
	struct vector *devices = &subscriber->devices;
	struct vector *instances = &subscriber->instances;

	switch (change->type) {
	case EVENT_DEVICE_ADDED:
		add(devices, change->device);
		break;
	case EVENT_DEVICE_CHANGED:
		assert_string_not_equal(
			get(devices, change->device)->json->bytes, change->device->bytes);
		change_json(devices, change->device);
		break;
	case EVENT_DEVICE_REMOVED:
		assert_null(get(devices, change->device)->group);
		drop(devices, change->device);
		break;
	case EVENT_GROUP_JOINED:
		assert_null(get(devices, change->device)->group);
		text_replace(&get(devices, change->device)->group, text_ref(change->group));
		break;
	case EVENT_GROUP_LEFT:
		assert_ptr_equal(get(devices, change->device)->group, change->group);
		text_replace(&get(devices, change->device)->group, NULL);
		break;
	case EVENT_INSTANCE_CREATED:
		add(instances, change->instance);
		break;
	case EVENT_INSTANCE_ASSIGNED:
	case EVENT_INSTANCE_UNASSIGNED:
	case EVENT_INSTANCE_BOUND:
		change_json(instances, change->instance);
		break;
	case EVENT_INSTANCE_MISSING:
		change_presence(subscriber, change, "ready");
		break;
	case EVENT_INSTANCE_RETURNED:
		change_presence(subscriber, change, "missing");
		break;
	case EVENT_INSTANCE_RELEASED:
		drop(instances, change->instance);
		break;
	case EVENT_RULES_RELOADED:
	case EVENT_RESYNC:
		break;
	case EVENT_READY:
	case EVENT_TYPE_COUNT:
		fail();
	}
}

/* A Device without its group and its instance, which other events tell. */
static char *without(char *json, const char *key)
{
	char needle[32];
	char *start;

	snprintf(needle, sizeof(needle), ",\"%s\":\"", key);
	start = strstr(json, needle);
	if (start) {
		char *end = strchr(start + strlen(needle), '"') + 1;

		memmove(start, end, strlen(end) + 1);
	}
	return json;
}

static void compare_json(const struct text *left, const struct text *right)
{
	char *one = without(without(memory_duplicate(left->bytes), "group"), "instance");
	char *other = without(without(memory_duplicate(right->bytes), "group"), "instance");

	assert_string_equal(one, other);
	free(one);
	free(other);
}

/* The id of the instance that has the device, by what events said; NULL: none. */
static const char *held_by(const struct subscriber *subscriber, const struct text *device)
{
	const char *id = NULL;

	for (size_t i = 0; i < subscriber->instances.count; i++) {
		const struct known *known = subscriber->instances.items[i];
		size_t length = 0;
		const char *own = member(known->json, "device", &length);

		if (strstr(known->json->bytes, "\"state\":\"missing\"") ||
			strlen(device->bytes) != length || strncmp(own, device->bytes, length) != 0)
			continue;
		assert_null(id); /* no device is two instances */
		id = known->id;
	}
	return id;
}

static void compare_device(const struct subscriber *subscriber, const struct device *device)
{
	const struct known *known = get(&subscriber->devices, device->now.json);
	const char *instance = held_by(subscriber, device->id);

	compare_json(known->json, device->now.json);
	assert_ptr_equal(known->group, device->now.group);
	if (device->now.instance)
		assert_string_equal(instance ? instance : "none", device->now.instance->bytes);
	else
		assert_null(instance);
}

void subscriber_compare(const struct subscriber *subscriber, const struct claims *claims)
{
	size_t shown = 0;

	for (size_t i = 0; i < claims->devices->inventory.devices.count; i++)
		compare_device(subscriber, claims->devices->inventory.devices.items[i]);
	assert_int_equal(claims->devices->inventory.devices.count, subscriber->devices.count);
	for (size_t i = 0; i < claims->instances.count; i++) {
		const struct instance *instance = claims->instances.items[i];

		if (!instance->json)
			continue;
		shown++;
		assert_string_equal(get(&subscriber->instances, instance->json)->json->bytes,
			instance->json->bytes);
	}
	assert_int_equal(shown, subscriber->instances.count);
}
