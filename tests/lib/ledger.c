/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/ledger.h"

#include "base/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static char *copy(const char *string)
{
	return string ? memory_duplicate(string) : NULL;
}

static struct instance_record *copy_record(const struct instance_record *record)
{
	struct instance_record *new = memory_allocate(sizeof(*new));

	*new = *record;
	new->identity = copy(record->identity);
	new->device = copy(record->device);
	new->group = copy(record->group);
	new->vm = copy(record->vm);
	new->tenant = copy(record->tenant);
	new->grant.token = copy(record->grant.token);
	new->use.token = copy(record->use.token);
	return new;
}

static struct identity_record *copy_identity(const struct identity_record *record)
{
	struct identity_record *new = memory_allocate(sizeof(*new));

	*new = (struct identity_record){
		copy(record->identity), record->generation, copy(record->owner)};
	return new;
}

void ledger_done(struct ledger *ledger)
{
	struct stored stored = {.instances = ledger->instances, .identities = ledger->identities};

	stored_done(&stored);
	*ledger = (struct ledger){0};
}

void ledger_read(const struct ledger *ledger, struct stored *ret_stored)
{
	*ret_stored = (struct stored){
		.next_number = ledger->next_number ? ledger->next_number : 1, .loss = ledger->loss};
	for (size_t i = 0; i < ledger->instances.count; i++)
		vector_add(&ret_stored->instances, copy_record(ledger->instances.items[i]));
	for (size_t i = 0; i < ledger->identities.count; i++)
		vector_add(&ret_stored->identities, copy_identity(ledger->identities.items[i]));
}

static size_t locate(const struct ledger *ledger, int64_t number)
{
	size_t at = 0;

	while (at < ledger->instances.count &&
		((struct instance_record *)ledger->instances.items[at])->number < number)
		at++;
	return at;
}

const struct instance_record *ledger_find(const struct ledger *ledger, int64_t number)
{
	size_t at = locate(ledger, number);
	const struct instance_record *record =
		at < ledger->instances.count ? ledger->instances.items[at] : NULL;

	return record && record->number == number ? record : NULL;
}

static void refuse(const char *what, const struct instance_record *record)
{
	fprintf(stderr, "# the store refuses i-%" PRId64 " of %s: %s\n", record->number,
		record->identity, what);
	abort();
}

static struct identity_record *identity_of(
	struct ledger *ledger, const struct instance_record *record)
{
	struct identity_record *identity;

	for (size_t i = 0; i < ledger->identities.count; i++) {
		identity = ledger->identities.items[i];
		if (strcmp(identity->identity, record->identity) == 0)
			return identity;
	}
	identity = memory_allocate(sizeof(*identity));
	identity->identity = copy(record->identity);
	vector_add(&ledger->identities, identity);
	return identity;
}

static void add(struct ledger *ledger, const struct instance_record *record)
{
	struct identity_record *identity = identity_of(ledger, record);
	char owner[256];

	if (record->number < ledger->next_number)
		refuse("the number was used before", record);
	if (record->generation != identity->generation + 1)
		refuse("the generation does not grow by one", record);
	snprintf(owner, sizeof(owner), "%s:%s", record->tenant ? "tenant" : "vm",
		record->tenant ? record->tenant : record->vm);
	identity->generation = record->generation;
	free(identity->owner);
	identity->owner = copy(owner);
	ledger->next_number = record->number + 1;
}

static void put(struct ledger *ledger, const struct instance_record *record)
{
	size_t at = locate(ledger, record->number);

	if (ledger_find(ledger, record->number))
		instance_record_free(vector_remove(&ledger->instances, at));
	else
		add(ledger, record);
	for (size_t i = 0; i < ledger->instances.count; i++) {
		const struct instance_record *other = ledger->instances.items[i];

		if (strcmp(other->identity, record->identity) == 0)
			refuse("its identity is an instance already", record);
	}
	vector_insert(&ledger->instances, at, copy_record(record));
}

static void write_one(struct ledger *ledger, const struct write *write)
{
	switch (write->type) {
	case WRITE_PUT:
		put(ledger, write->record);
		break;
	case WRITE_DELETE:
		if (!ledger_find(ledger, write->number))
			abort();
		instance_record_free(
			vector_remove(&ledger->instances, locate(ledger, write->number)));
		break;
	case WRITE_ACCEPT_LOSS:
		ledger->loss = false;
		break;
	}
}

void ledger_write(struct ledger *ledger, struct batch *batch, enum batch_outcome outcome)
{
	batch->outcome = outcome;
	batch->error = outcome == BATCH_COMMITTED ? 0 : -ENOSPC;
	for (size_t i = 0; i < batch->writes.count; i++) {
		const struct write *write = batch->writes.items[i];

		if (outcome == BATCH_COMMITTED || (outcome == BATCH_ESSENTIAL && write->essential))
			write_one(ledger, write);
	}
}

static bool same_string(const char *left, const char *right)
{
	return left && right ? strcmp(left, right) == 0 : left == right;
}

static bool same_hold(const struct hold_record *left, const struct hold_record *right)
{
	return left->life == right->life && process_equal(&left->process, &right->process) &&
	       same_string(left->token, right->token) && left->token_uid == right->token_uid &&
	       left->count == right->count && left->bind_by == right->bind_by;
}

bool ledger_same(const struct instance_record *left, const struct instance_record *right)
{
	return left->number == right->number && same_string(left->identity, right->identity) &&
	       same_string(left->group, right->group) && left->kind == right->kind &&
	       same_string(left->vm, right->vm) && same_string(left->tenant, right->tenant) &&
	       left->uid == right->uid && left->generation == right->generation &&
	       left->since == right->since && same_hold(&left->grant, &right->grant) &&
	       same_hold(&left->use, &right->use);
}
