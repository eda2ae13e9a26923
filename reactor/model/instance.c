/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/instance.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ID_PREFIX "i-"

static const char *const state_names[] = {
	[INSTANCE_PREPARING] = "preparing",
	[INSTANCE_READY] = "ready",
	[INSTANCE_MISSING] = "missing",
};

/* Preparation is no more than the commit as long as no hardware has to be touched. */
enum instance_state instance_state(const struct instance *instance)
{
	return instance->identity->device ? INSTANCE_READY : INSTANCE_MISSING;
}

const char *instance_state_name(enum instance_state state)
{
	return state_names[state];
}

void instance_format_id(int64_t number, char ret_id[static INSTANCE_ID_SIZE])
{
	snprintf(ret_id, INSTANCE_ID_SIZE, ID_PREFIX "%" PRId64, number);
}

bool instance_parse_id(const char *id, int64_t *ret_number)
{
	size_t prefix = strlen(ID_PREFIX);
	uint64_t number;

	if (strncmp(id, ID_PREFIX, prefix) != 0 || id[prefix] == '0' ||
		!number_parse(id + prefix, strlen(id + prefix), 10, INT64_MAX, &number))
		return false;
	*ret_number = (int64_t)number;
	return true;
}

void instance_terms_copy(struct instance_terms *terms, const struct instance_terms *from)
{
	struct instance_terms copy = *from;

	text_ref(copy.vm);
	text_ref(copy.grant.token);
	text_ref(copy.use.token);
	instance_terms_done(terms);
	*terms = copy;
}

void instance_terms_done(struct instance_terms *terms)
{
	text_unref(terms->vm);
	text_unref(terms->grant.token);
	text_unref(terms->use.token);
	*terms = (struct instance_terms){0};
}

struct instance *instance_new(void)
{
	struct instance *instance = memory_allocate(sizeof(*instance));

	instance->missing_since = CLOCK_NEVER;
	list_init(&instance->tied);
	list_init(&instance->over);
	list_init(&instance->moved);
	list_init(&instance->lost);
	return instance;
}

struct instance *instance_free(struct instance *instance)
{
	if (!instance)
		return NULL;
	list_remove(&instance->tied);
	list_remove(&instance->over);
	list_remove(&instance->moved);
	list_remove(&instance->lost);
	text_unref(instance->device_id);
	text_unref(instance->group);
	text_unref(instance->tenant);
	text_unref(instance->json);
	text_unref(instance->told_device);
	instance_terms_done(&instance->terms);
	instance_terms_done(&instance->told);
	free(instance);
	return NULL;
}

static char *copy_of(const struct text *text)
{
	return text ? memory_duplicate(text->bytes) : NULL;
}

static struct hold_record hold_record(const struct hold *hold)
{
	return (struct hold_record){.life = hold->life,
		.process = hold->process,
		.token = copy_of(hold->token),
		.token_uid = hold->token_uid,
		.count = hold->count,
		.bind_by = hold->bind_by};
}

struct instance_record *instance_record_new(const struct instance *instance)
{
	struct instance_record *record = memory_allocate(sizeof(*record));

	record->number = instance->number;
	record->identity = copy_of(instance->identity->key);
	record->device = copy_of(instance->device_id);
	record->group = copy_of(instance->group);
	record->kind = instance->kind;
	record->vm = copy_of(instance->terms.vm);
	record->tenant = copy_of(instance->tenant);
	record->uid = instance->uid;
	record->generation = instance->generation;
	record->since = instance->since;
	record->grant = hold_record(&instance->terms.grant);
	record->use = hold_record(&instance->terms.use);
	return record;
}
