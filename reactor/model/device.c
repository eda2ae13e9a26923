/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/device.h"

#include "base/memory.h"
#include "base/table.h"
#include "model/address.h"

#include <string.h>

TABLE_BEGIN(state_names);
static const char *const state_names[STATE_COUNT] = {
	ROW(STATE_PREPARING) = "preparing",
	ROW(STATE_CLAIMED) = "claimed",
	ROW(STATE_FAILED) = "failed",
	ROW(STATE_UNMATCHED) = "unmatched",
	ROW(STATE_BLOCKED) = "blocked",
	ROW(STATE_AVAILABLE) = "available",
};
TABLE_END(state_names, STATE_COUNT);

const char *device_state_name(enum device_state state)
{
	return state_names[state];
}

enum device_state device_state_find(const char *name)
{
	return TABLE_FIND(state_names, name);
}

/* What is told of one that was not there; it is nobody's to free. */
static const struct device_view nothing = {.state = STATE_UNMATCHED};

struct device *device_new(struct text *id)
{
	struct device *device = memory_allocate(sizeof(*device));

	device->id = id;
	device->order = device_order_of(id->bytes);
	device->now = nothing;
	device->told = &nothing;
	return device;
}

struct device *device_free(struct device *device)
{
	if (!device)
		return NULL;
	device_take_as_told(device);
	device_view_done(&device->now);
	text_unref(device->twin_of);
	text_unref(device->id);
	free(device);
	return NULL;
}

static struct device_view *copy_view(const struct device_view *view)
{
	struct device_view *copy = memory_allocate(sizeof(*copy));

	*copy = *view;
	facts_ref(copy->facts);
	text_ref(copy->group);
	text_ref(copy->rule);
	text_ref(copy->reasons);
	text_ref(copy->instance);
	text_ref(copy->json);
	return copy;
}

static void free_view(struct device_view *view)
{
	device_view_done(view);
	free(view);
}

struct device_view *device_change(struct device *device)
{
	if (!device->told)
		device->told = copy_view(&device->now);
	return &device->now;
}

void device_take_as_told(struct device *device)
{
	const struct device_view *told = device->told;

	device->told = NULL;
	if (told && told != &nothing)
		free_view((struct device_view *)told);
}

void device_view_done(struct device_view *view)
{
	facts_unref(view->facts);
	text_unref(view->group);
	text_unref(view->rule);
	text_unref(view->reasons);
	text_unref(view->instance);
	text_unref(view->json);
	*view = nothing;
}

/* Takes the address that stands before the end or the first `/` of what is behind the prefix. */
static void take_address(struct device_order *order)
{
	const char *name = order->id + order->prefix + 1;
	size_t length = strcspn(name, "/");
	char copy[ADDRESS_SIZE];
	struct address address;

	if (length >= sizeof(copy))
		return;
	memcpy(copy, name, length);
	copy[length] = '\0';
	if (!address_parse(copy, &address))
		return;
	order->address = address_order(address);
	order->rest = order->prefix + 1 + (uint32_t)length;
}

struct device_order device_order_of(const char *id)
{
	struct device_order order = {.id = id, .prefix = (uint32_t)strcspn(id, ":")};

	if (id[order.prefix] == ':')
		take_address(&order);
	return order;
}

int device_order_compare(const struct device_order *left, const struct device_order *right)
{
	size_t prefix = left->prefix > right->prefix ? left->prefix : right->prefix;
	int kind = strncmp(left->id, right->id, prefix);

	if (kind != 0)
		return kind;
	if (!left->rest || !right->rest)
		return strverscmp(left->id, right->id);
	if (left->address != right->address)
		return left->address > right->address ? 1 : -1;
	return strverscmp(left->id + left->rest, right->id + right->rest);
}
