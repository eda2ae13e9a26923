/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Methods that show the state: devices, groups, rules and the daemon itself, as published. */
#include "io/socket/method_state.h"

#include "claims/describe_group.h"
#include "devices/describe.h"
#include "io/socket/connection.h"
#include "io/socket/internal.h"
#include "io/socket/reply.h"
#include "rules/explain.h"

void method_status(struct call *call)
{
	const struct service *service = call->connection->service;
	struct writer json = {0};

	reply_open(&json);
	writer_key(&json, "status");
	status_write(
		service->status, service->claims, service->journal.last, service->epoch, &json);
	reply_close(call, &json);
}

/* What ListDevices was asked for; COUNT values and NULL: any. */
struct wanted {
	enum kind kind;
	enum device_state state;
	const struct text *group;
};

/* The name of the group that the call asks for, NULL: none. False: there is none of that name. */
static bool read_group(struct call *call, const struct text **ret_name)
{
	const char *name = call_string(call, "group");
	const struct resource_group *group = NULL;
	struct reply_error error = {"org.hostdevd.NoSuchGroup", "group", name};

	if (name)
		group = ruleset_find_group(
			call->connection->service->claims->devices->ruleset, name);
	if (name && !group)
		return reply_error(
			call, error, "there is no group `%s`; ListGroups names them", name);
	*ret_name = group ? group->name : NULL;
	return true;
}

static bool reply_no_kind(struct call *call, const char *name)
{
	struct buffer names = {0};

	for (enum kind kind = 0; kind < KIND_COUNT; kind++)
		buffer_format(&names, "%s%s", kind == 0 ? "" : ", ", kind_name(kind));
	reply_invalid(call, "kind", "there is no kind `%s`; the kinds are %s", name,
		buffer_string(&names));
	buffer_done(&names);
	return false;
}

static bool reply_no_state(struct call *call, const char *name)
{
	struct buffer names = {0};

	for (enum device_state state = 0; state < STATE_COUNT; state++)
		buffer_format(&names, "%s%s", state == 0 ? "" : ", ", device_state_name(state));
	reply_invalid(call, "state", "there is no state `%s`; the states are %s", name,
		buffer_string(&names));
	buffer_done(&names);
	return false;
}

/* False: the call was answered with the error. */
static bool read_wanted(struct call *call, struct wanted *wanted)
{
	const char *kind = call_string(call, "kind");
	const char *state = call_string(call, "state");

	wanted->kind = kind ? kind_find(kind) : KIND_COUNT;
	wanted->state = state ? device_state_find(state) : STATE_COUNT;
	if (kind && wanted->kind == KIND_COUNT)
		return reply_no_kind(call, kind);
	if (state && wanted->state == STATE_COUNT)
		return reply_no_state(call, state);
	return read_group(call, &wanted->group);
}

static bool is_wanted(const struct wanted *wanted, const struct device_view *view)
{
	return view->facts &&
	       (wanted->kind == KIND_COUNT || view->facts->kinds & KIND_MASK(wanted->kind)) &&
	       (wanted->state == STATE_COUNT || view->state == wanted->state) &&
	       (!wanted->group || view->group == wanted->group);
}

void method_list_devices(struct call *call)
{
	const struct vector *devices =
		&call->connection->service->claims->devices->inventory.devices;
	struct vector found = {0};
	struct wanted wanted = {0};

	if (!read_wanted(call, &wanted))
		return;
	for (size_t i = 0; i < devices->count; i++) {
		const struct device_view *told = device_told(devices->items[i]);

		if (is_wanted(&wanted, told))
			vector_add(&found, text_ref(told->json));
	}
	reply_list(call, "devices", &found);
}

/* The device that the call names, as told, or NULL: the call was answered with the error. */
static const struct device_view *find_device(struct call *call)
{
	const char *id = call_string(call, "device");
	const struct device *device = devices_find(call->connection->service->claims->devices, id);
	struct reply_error error = {"org.hostdevd.NoSuchDevice", "device", id};

	if (device && device_told(device)->facts)
		return device_told(device);
	reply_error(call, error,
		"there is no device `%s`; ids are like pci:0000:01:00.0 and usb:1-2.1, and "
		"ListDevices has them",
		id);
	return NULL;
}

void method_get_device(struct call *call)
{
	const struct device_view *told = find_device(call);
	struct writer json = {0};

	if (!told)
		return;
	reply_open(&json);
	reply_write_seq(call, &json);
	writer_key_raw(&json, "device", told->json);
	reply_close(call, &json);
}

void method_explain(struct call *call)
{
	const struct device_view *told = find_device(call);
	struct writer json = {0};

	if (!told)
		return;
	reply_open(&json);
	writer_key_raw(&json, "device", told->json);
	writer_key(&json, "verdicts");
	explain_write(&json, call->connection->service->claims->devices->ruleset, told->facts);
	writer_key_text(&json, "group", told->group);
	writer_key_text(&json, "rule", told->rule);
	reply_close(call, &json);
}

void method_list_groups(struct call *call)
{
	struct vector groups = {0};

	describe_groups(call->connection->service->claims, &groups);
	reply_list(call, "groups", &groups);
}

void method_list_rules(struct call *call)
{
	struct vector rules = {0};

	describe_rules(call->connection->service->claims->devices, &rules);
	reply_list(call, "rules", &rules);
}

static bool is_named(const char *wanted, const struct text *name)
{
	return !wanted || text_is(name, wanted);
}

void method_list_instances(struct call *call)
{
	const struct vector *instances = &call->connection->service->claims->instances;
	const char *vm = call_string(call, "vm");
	const char *tenant = call_string(call, "tenant");
	const struct text *group = NULL;
	struct vector found = {0};

	if (!read_group(call, &group))
		return;
	for (size_t i = 0; i < instances->count; i++) {
		const struct instance *instance = instances->items[i];

		if (instance->json && (!group || instance->group == group) &&
			is_named(vm, instance->told.vm) && is_named(tenant, instance->tenant))
			vector_add(&found, text_ref(instance->json));
	}
	reply_list(call, "instances", &found);
}
