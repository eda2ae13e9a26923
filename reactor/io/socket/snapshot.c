/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/socket/snapshot.h"

#include "base/memory.h"
#include "base/writer.h"
#include "core/describe.h"
#include "io/socket/journal.h"

/* {"parameters":{"event":{"seq":S,"usec":U,"type":"TYPE","device": and then the body */
static struct text *make_head(enum change_type type, uint64_t seq, int64_t usec)
{
	struct writer json = {0};

	journal_open_event(&json, seq, usec, type);
	writer_key(&json, "device");
	return writer_take(&json);
}

static struct text *make_tail(void)
{
	static const char tail[] = "}},\"continues\":true}";

	return text_new(tail, sizeof(tail));
}

/* {"id":...,"state":...},"group":...,"rule":..., written where the one before was written */
static struct text *make_joined_body(struct writer *json, const struct device *device)
{
	json->out.length = 0;
	json->comma = false;
	describe_write_short(json, device->id, device->told.state);
	writer_key_text(json, "group", device->told.group);
	writer_key_text(json, "rule", device->told.rule);
	return text_new(json->out.bytes, json->out.length);
}

static void add_entry(struct snapshot *snapshot, enum change_type type, const struct device *device,
	struct text *body)
{
	snapshot->entries[snapshot->count++] = (struct snapshot_entry){
		.head = type == EVENT_DEVICE_ADDED ? snapshot->added_head : snapshot->joined_head,
		.body = body,
		.subject = {.type = type,
			.kinds = device->told.facts->kinds,
			.group_after = text_ref(device->told.group)},
	};
}

struct snapshot *snapshot_new(const struct core *core, uint64_t seq, int64_t usec)
{
	const struct vector *devices = &core->inventory.devices;
	struct snapshot *snapshot = memory_allocate(sizeof(*snapshot));
	struct writer json = {0};

	snapshot->references = 1;
	snapshot->seq = seq;
	snapshot->added_head = make_head(EVENT_DEVICE_ADDED, seq, usec);
	snapshot->joined_head = make_head(EVENT_GROUP_JOINED, seq, usec);
	snapshot->tail = make_tail();
	snapshot->entries = memory_allocate((2 * devices->count + 1) * sizeof(*snapshot->entries));
	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = devices->items[i];

		if (!device->told.facts)
			continue;
		add_entry(snapshot, EVENT_DEVICE_ADDED, device, text_ref(device->told.json));
		if (device->told.group)
			add_entry(snapshot, EVENT_GROUP_JOINED, device,
				make_joined_body(&json, device));
	}
	buffer_done(&json.out);
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
	text_unref(snapshot->tail);
	free(snapshot->entries);
	free(snapshot);
	return NULL;
}
