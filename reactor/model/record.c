/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/record.h"

#include "base/memory.h"
#include "base/table.h"

TABLE_BEGIN(life_names);
static const char *const life_names[LIFE_COUNT] = {
	ROW(LIFE_EXPLICIT) = "explicit",
	ROW(LIFE_PROCESS) = "process",
	ROW(LIFE_CONNECTION) = "connection",
};
TABLE_END(life_names, LIFE_COUNT);

const char *life_name(enum life life)
{
	return life_names[life];
}

enum life life_find(const char *name)
{
	return TABLE_FIND(life_names, name);
}

char *record_owner(const char *vm, const char *tenant)
{
	return tenant ? memory_format("tenant:%s", tenant) : memory_format("vm:%s", vm);
}

struct instance_record *instance_record_free(struct instance_record *record)
{
	if (!record)
		return NULL;
	free(record->identity);
	free(record->device);
	free(record->group);
	free(record->vm);
	free(record->tenant);
	free(record->grant.token);
	free(record->use.token);
	free(record);
	return NULL;
}

struct identity_record *identity_record_free(struct identity_record *record)
{
	if (!record)
		return NULL;
	free(record->identity);
	free(record->owner);
	free(record);
	return NULL;
}

struct batch *batch_new(void)
{
	return memory_allocate(sizeof(struct batch));
}

struct batch *batch_free(struct batch *batch)
{
	if (!batch)
		return NULL;
	for (size_t i = 0; i < batch->writes.count; i++) {
		struct write *write = batch->writes.items[i];

		instance_record_free(write->record);
		free(write);
	}
	vector_done(&batch->writes);
	free(batch);
	return NULL;
}

struct write *batch_add(struct batch *batch, enum write_type type)
{
	struct write *write = memory_allocate(sizeof(*write));

	write->type = type;
	vector_add(&batch->writes, write);
	return write;
}

void stored_done(struct stored *stored)
{
	for (size_t i = 0; i < stored->instances.count; i++)
		instance_record_free(stored->instances.items[i]);
	vector_done(&stored->instances);
	for (size_t i = 0; i < stored->identities.count; i++)
		identity_record_free(stored->identities.items[i]);
	vector_done(&stored->identities);
	*stored = (struct stored){0};
}
