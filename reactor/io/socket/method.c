/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/socket/method.h"

#include "io/socket/connection.h"
#include "io/socket/description.h"
#include "io/socket/internal.h"
#include "io/socket/method_claim.h"
#include "io/socket/method_state.h"
#include "io/socket/method_watch.h"
#include "io/socket/reply.h"

#include <string.h>

/* One table of parameters as an unnamed array, so that a method is one row. */
#define PARAMETERS(...) ((const struct parameter[]){__VA_ARGS__, {.name = NULL}})

/* What is decided in claims/, by what `reader` finds in the call. */
#define REQUEST(name, reader)                                                                      \
	.changes = true, .change = CHANGE_REQUEST, .request = REQUEST_##name, .read = (reader)

static const struct parameter no_parameters[] = {{.name = NULL}};

static void get_info(struct call *call);
static void get_interface_description(struct call *call);

static const struct method service_methods[] = {
	{"GetInfo", .answer = get_info},
	{"GetInterfaceDescription", PARAMETERS({"interface", PARAMETER_STRING, false}),
		.answer = get_interface_description},
	{.name = NULL},
};

static const struct method hostdevd_methods[] = {
	{"Status", .answer = method_status},
	{"ListDevices",
		PARAMETERS({"kind", PARAMETER_STRING, true}, {"group", PARAMETER_STRING, true},
			{"state", PARAMETER_STRING, true}),
		.answer = method_list_devices},
	{"GetDevice", PARAMETERS({"device", PARAMETER_STRING, false}), .answer = method_get_device},
	{"ListGroups", .answer = method_list_groups},
	{"ListRules", .answer = method_list_rules},
	{"ListInstances",
		PARAMETERS({"group", PARAMETER_STRING, true}, {"vm", PARAMETER_STRING, true},
			{"tenant", PARAMETER_STRING, true}),
		.answer = method_list_instances},
	{"Explain", PARAMETERS({"device", PARAMETER_STRING, false}), .answer = method_explain},
	{"Watch",
		PARAMETERS({"since", PARAMETER_INTEGER, true}, {"epoch", PARAMETER_STRING, true},
			{"snapshot", PARAMETER_BOOLEAN, true}, {"groups", PARAMETER_STRINGS, true},
			{"kinds", PARAMETER_STRINGS, true}, {"types", PARAMETER_STRINGS, true}),
		.streaming = true, .answer = method_watch},
	{"Claim",
		PARAMETERS({"group", PARAMETER_STRING, true}, {"device", PARAMETER_STRING, true},
			{"vm", PARAMETER_STRING, true}, {"tenant", PARAMETER_STRING, true},
			{"count", PARAMETER_INTEGER, true}, {"numa_node", PARAMETER_INTEGER, true},
			{"wait_ms", PARAMETER_INTEGER, true}, {"life", PARAMETER_STRING, true},
			{"pid", PARAMETER_INTEGER, true}, {"bind_ms", PARAMETER_INTEGER, true},
			{"token", PARAMETER_STRING, true}),
		REQUEST(CLAIM, method_read_claim)},
	{"Assign",
		PARAMETERS({"instance", PARAMETER_STRING, false}, {"vm", PARAMETER_STRING, false},
			{"life", PARAMETER_STRING, true}, {"pid", PARAMETER_INTEGER, true}),
		REQUEST(ASSIGN, method_read_assign)},
	{"Unassign", PARAMETERS({"instance", PARAMETER_STRING, false}),
		REQUEST(UNASSIGN, method_read_unassign)},
	{"Bind",
		PARAMETERS({"instance", PARAMETER_STRING, true}, {"vm", PARAMETER_STRING, true},
			{"tenant", PARAMETER_STRING, true}, {"pid", PARAMETER_INTEGER, false}),
		REQUEST(BIND, method_read_bind)},
	{"Release",
		PARAMETERS({"instance", PARAMETER_STRING, true}, {"vm", PARAMETER_STRING, true},
			{"tenant", PARAMETER_STRING, true}, {"generation", PARAMETER_INTEGER, true},
			{"force", PARAMETER_BOOLEAN, true}),
		REQUEST(RELEASE, method_read_release)},
	{"AcceptLoss", .right = RIGHT_ADMIN, REQUEST(ACCEPT_LOSS, method_read_accept_loss)},
	{"Reload", .right = RIGHT_ADMIN, .changes = true, .change = CHANGE_RELOAD},
	{.name = NULL},
};

const struct interface interfaces[] = {
	{"org.varlink.service", description_of_service, service_methods},
	{"org.hostdevd", description_of_hostdevd, hostdevd_methods},
	{.name = NULL},
};

/* org.varlink.service: what every Varlink service answers about itself. */
static void get_info(struct call *call)
{
	struct writer json = {0};

	reply_open(&json);
	writer_key_string(&json, "vendor", "hostdevd");
	writer_key_string(&json, "product", "hostdevd");
	writer_key_string(&json, "version", call->connection->service->status->version);
	writer_key_string(&json, "url", "file:///usr/share/doc/hostdevd/README.md");
	writer_key(&json, "interfaces");
	writer_open(&json, '[');
	for (const struct interface *interface = interfaces; interface->name; interface++)
		writer_string(&json, interface->name);
	writer_close(&json, ']');
	reply_close(call, &json);
}

static void get_interface_description(struct call *call)
{
	const char *name = call_string(call, "interface");
	const struct interface *interface = interfaces;
	struct reply_error error = {"org.varlink.service.InterfaceNotFound", "interface", name};
	struct writer json = {0};

	while (interface->name && strcmp(interface->name, name) != 0)
		interface++;
	if (!interface->name) {
		reply_error(call, error, "there is no interface `%s`; GetInfo lists them", name);
		return;
	}
	reply_open(&json);
	writer_key_string(&json, "description", interface->description);
	reply_close(call, &json);
}

/* Length of the interface in `interface.Method`; 0 if there is no dot. */
static size_t interface_length(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? (size_t)(dot - name) : 0;
}

int method_find(const char *name, const struct method **ret_method)
{
	size_t length = interface_length(name);
	const struct interface *interface = interfaces;

	while (interface->name &&
		(strlen(interface->name) != length || memcmp(interface->name, name, length) != 0))
		interface++;
	if (!interface->name)
		return METHOD_NO_INTERFACE;
	for (const struct method *method = interface->methods; method->name; method++) {
		if (strcmp(method->name, name + length + 1) == 0) {
			*ret_method = method;
			return 0;
		}
	}
	return METHOD_NOT_FOUND;
}

static bool reply_no_method(struct call *call)
{
	struct reply_error error = {"org.varlink.service.MethodNotFound", "method", call->name};
	const struct method *method;
	char *interface;

	if (method_find(call->name, &method) == METHOD_NOT_FOUND)
		return reply_error(call, error,
			"there is no method `%s`; GetInterfaceDescription lists them", call->name);
	interface = memory_duplicate(call->name);
	interface[interface_length(interface)] = '\0';
	error = (struct reply_error){
		"org.varlink.service.InterfaceNotFound", "interface", interface};
	reply_error(call, error, "there is no interface `%s`; GetInfo lists them", interface);
	free(interface);
	return false;
}

static bool reply_not_permitted(struct call *call)
{
	const struct peer *peer = &call->connection->peer;
	struct reply_error error = {.name = "org.hostdevd.NotPermitted"};

	counter_add(&call->connection->service->status->counters, COUNTER_CALLS_NOT_PERMITTED);
	return reply_error(call, error,
		"uid %u may not call %s: it is for root and for the `admins` in hostdevd.conf",
		(unsigned)peer->uid, call->name);
}

static bool check_parameters(struct call *call)
{
	const struct parameter *table = call->method->parameters;
	struct buffer message = {0};
	const char *wrong;
	int outcome;

	outcome =
		parameter_check(table ? table : no_parameters, call->parameters, &message, &wrong);
	if (outcome == PARAMETER_WRONG)
		reply_invalid(call, wrong, "%s", buffer_string(&message));
	buffer_done(&message);
	return outcome == 0;
}

bool method_check(struct call *call)
{
	const struct service *service = call->connection->service;
	struct reply_error expected_more = {.name = "org.varlink.service.ExpectedMore"};

	if (!call->method)
		return reply_no_method(call);
	if (call->upgrade)
		return reply_invalid(
			call, "upgrade", "no method upgrades its connection: leave it out");
	if (!rights_permit(service->rights, &call->connection->peer, call->method->right, NULL))
		return reply_not_permitted(call);
	if (!check_parameters(call))
		return false;
	if (call->method->streaming && !call->more)
		return reply_error(call, expected_more,
			"%s answers with a stream: call it with \"more\": true", call->name);
	return true;
}
