/* SPDX-License-Identifier: GPL-2.0-or-later */
/* org.varlink.service: what every Varlink service answers about itself. */
#include "io/socket/internal.h"
#include "io/socket/method.h"
#include "io/socket/reply.h"

#include <string.h>

const char description_of_service[] =
	"# What every Varlink service says about itself.\n"
	"interface org.varlink.service\n"
	"\n"
	"# Who this is, and the interfaces that it has.\n"
	"method GetInfo() -> (\n"
	"  vendor: string,\n"
	"  product: string,\n"
	"  version: string,\n"
	"  url: string,\n"
	"  interfaces: []string\n"
	")\n"
	"\n"
	"# The description of one of them, in Varlink's interface language.\n"
	"method GetInterfaceDescription(interface: string) -> (description: string)\n"
	"\n"
	"error InterfaceNotFound (interface: string)\n"
	"error MethodNotFound (method: string)\n"
	"error MethodNotImplemented (method: string)\n"
	"error InvalidParameter (parameter: string)\n"
	"error PermissionDenied ()\n"
	"error ExpectedMore ()\n";

void method_get_info(struct call *call)
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

void method_get_interface_description(struct call *call)
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
