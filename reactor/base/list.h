/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intrusive doubly linked list. A struct embeds a link; the comment beside it says whose list it
 * is: `struct list_link link; // service::connections`. A link that is on no list points at itself.
 */
#pragma once

#include "base/memory.h"

#include <stdbool.h>

struct list_link {
	struct list_link *previous;
	struct list_link *next;
};

static inline void list_init(struct list_link *link)
{
	link->previous = link;
	link->next = link;
}

static inline bool list_is_empty(const struct list_link *link)
{
	return link->next == link;
}

static inline void list_append(struct list_link *list, struct list_link *link)
{
	link->previous = list->previous;
	link->next = list;
	list->previous->next = link;
	list->previous = link;
}

static inline void list_remove(struct list_link *link)
{
	link->previous->next = link->next;
	link->next->previous = link->previous;
	list_init(link);
}

/* Safe against the removal of the link being visited. */
#define list_for_each(at, list)                                                                    \
	for (struct list_link *at = (list)->next, *at##_next = at->next; at != (list);             \
		at = at##_next, at##_next = at->next)
