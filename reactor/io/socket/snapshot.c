/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/socket/snapshot.h"

#include "base/memory.h"
#include "base/writer.h"
#include "devices/describe.h"
#include "io/socket/journal.h"

#include <string.h>

/* What is behind the body, with the message's NUL. */
#define TAIL "}},\"continues\":true}"

/* {"parameters":{"event":{"seq":S,"usec":U,"type":"TYPE","KEY": and then the body */
static struct text *make_head(enum change_type type, const char *key, uint64_t seq, int64_t usec)
{
	struct writer json = {0};

	journal_open_event(&json, seq, usec, type);
	writer_key(&json, key);
	return writer_take(&json);
}

/* {"id":...,"state":...},"group":...,"rule":..., written where the one before was written */
static struct text *make_joined_body(struct writer *json, const struct device *device)
{
	const struct device_view *told = device_told(device);

	json->out.length = 0;
	json->comma = false;
	describe_write_short(json, device->id, told->state);
	writer_key_text(json, "group", told->group);
	writer_key_text(json, "rule", told->rule);
	return text_new(json->out.bytes, json->out.length);
}

static void add_entry(struct snapshot *snapshot, struct text *head, struct text *body,
	struct filter_subject subject)
{
	text_ref(subject.group_after);
	snapshot->entries[snapshot->count++] =
		(struct snapshot_entry){.head = head, .body = body, .subject = subject};
}

static void add_device(struct snapshot *snapshot, struct writer *json, const struct device *device)
{
	const struct device_view *told = device_told(device);
	struct filter_subject subject = {.type = EVENT_DEVICE_ADDED,
		.kinds = told->facts->kinds,
		.group_after = told->group};

	add_entry(snapshot, snapshot->added_head, text_ref(told->json), subject);
	subject.type = EVENT_GROUP_JOINED;
	if (told->group)
		add_entry(snapshot, snapshot->joined_head, make_joined_body(json, device), subject);
}

static void add_instance(struct snapshot *snapshot, const struct instance *instance)
{
	struct filter_subject subject = {.type = EVENT_INSTANCE_CREATED,
		.kinds = instance->kinds,
		.group_after = instance->group};

	add_entry(snapshot, snapshot->created_head, text_ref(instance->json), subject);
}

/* By device, in the order of the inventory; those without one last. */
static int compare_instances(const void *left, const void *right)
{
	const struct instance *one = *(struct instance *const *)left;
	const struct instance *other = *(struct instance *const *)right;
	struct device_order order;
	struct device_order other_order;

	if (!one->told_life != !other->told_life)
		return one->told_life ? -1 : 1;
	order = device_order_of(one->device_id->bytes);
	other_order = device_order_of(other->device_id->bytes);
	return device_order_compare(&order, &other_order);
}

/* Those that subscribers know. */
static void sort_instances(const struct claims *claims, struct vector *ret_sorted)
{
	const struct vector *instances = &claims->instances;

	for (size_t i = 0; i < instances->count; i++) {
		struct instance *instance = instances->items[i];

		if (instance->json)
			vector_add(ret_sorted, instance);
	}
	if (ret_sorted->count > 0)
		qsort(ret_sorted->items, ret_sorted->count, sizeof(*ret_sorted->items),
			compare_instances);
}

/* Those from *cursor on that are of this device. */
static void add_instances_of(struct snapshot *snapshot, const struct device *device,
	const struct vector *sorted, size_t *cursor)
{
	for (; *cursor < sorted->count; (*cursor)++) {
		const struct instance *instance = sorted->items[*cursor];

		if (!instance->told_life ||
			strcmp(instance->device_id->bytes, device->id->bytes) != 0)
			return;
		add_instance(snapshot, instance);
	}
}

static void add_all(
	struct snapshot *snapshot, const struct claims *claims, const struct vector *sorted)
{
	const struct vector *devices = &claims->devices->inventory.devices;
	size_t cursor = 0;
	struct writer json = {0};

	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = devices->items[i];

		if (!device_told(device)->facts)
			continue;
		add_device(snapshot, &json, device);
		add_instances_of(snapshot, device, sorted, &cursor);
	}
	for (; cursor < sorted->count; cursor++)
		add_instance(snapshot, sorted->items[cursor]);
	buffer_done(&json.out);
}

struct snapshot *snapshot_new(const struct claims *claims, uint64_t seq, int64_t usec)
{
	struct snapshot *snapshot = memory_allocate(sizeof(*snapshot));
	struct vector sorted = {0};

	sort_instances(claims, &sorted);
	snapshot->references = 1;
	snapshot->seq = seq;
	snapshot->added_head = make_head(EVENT_DEVICE_ADDED, "device", seq, usec);
	snapshot->joined_head = make_head(EVENT_GROUP_JOINED, "device", seq, usec);
	snapshot->created_head = make_head(EVENT_INSTANCE_CREATED, "instance", seq, usec);
	snapshot->tail = text_new(TAIL, sizeof(TAIL));
	snapshot->entries =
		memory_allocate((2 * claims->devices->inventory.devices.count + sorted.count + 1) *
				sizeof(*snapshot->entries));
	add_all(snapshot, claims, &sorted);
	vector_done(&sorted);
	return snapshot;
}

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
	snapshot->references++;
	return snapshot;
}

struct snapshot *snapshot_unref(struct snapshot *snapshot)
{
	if (!snapshot || --snapshot->references > 0)
		return NULL;
	for (size_t i = 0; i < snapshot->count; i++) {
		text_unref(snapshot->entries[i].body);
		text_unref(snapshot->entries[i].subject.group_after);
	}
	text_unref(snapshot->added_head);
	text_unref(snapshot->joined_head);
	text_unref(snapshot->created_head);
	text_unref(snapshot->tail);
	free(snapshot->entries);
	free(snapshot);
	return NULL;
}
