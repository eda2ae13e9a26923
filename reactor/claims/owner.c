/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "claims/owner.h"

#include "base/memory.h"

struct text *owner_name(struct claims *claims, const struct text *vm, const struct text *tenant)
{
	char *owner = record_owner(vm ? vm->bytes : NULL, tenant ? tenant->bytes : NULL);
	struct text *text = text_intern_string(claims->devices->pool, owner);

	free(owner);
	return text;
}

const struct owner *owner_find(const struct claims *claims, const struct text *name)
{
	return map_find(&claims->owners, name->bytes, name->length);
}

/* Takes over the reference to `name`. */
static struct owner *make_owner(struct claims *claims, struct text *name)
{
	struct owner *owner = memory_allocate(sizeof(*owner));

	owner->name = name;
	list_init(&owner->identities);
	map_add(&claims->owners, name->bytes, name->length, owner);
	return owner;
}

void owner_leave(struct claims *claims, struct identity *identity)
{
	struct owner *owner = identity->owner;

	identity->owner = NULL;
	list_remove(&identity->link);
	if (!owner || !list_is_empty(&owner->identities))
		return;
	map_take(&claims->owners, owner->name->bytes, owner->name->length);
	text_unref(owner->name);
	free(owner);
}

void owner_set(struct claims *claims, struct identity *identity, struct text *name)
{
	struct owner *owner = map_find(&claims->owners, name->bytes, name->length);

	if (owner && owner == identity->owner) {
		text_unref(name);
		return;
	}
	owner_leave(claims, identity);
	if (owner)
		text_unref(name);
	else
		owner = make_owner(claims, name);
	identity->owner = owner;
	list_append(&owner->identities, &identity->link);
}
