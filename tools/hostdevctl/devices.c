/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hostdevctl devices: all present devices, or one with every field. */
#include "client.h"
#include "show.h"

static enum exit_status run(const struct invocation *invocation)
{
	const char *device = invocation->operands[0];

	if (device)
		return client_show(
			invocation, "GetDevice", client_device(device), "device", show_object);
	return client_show(invocation, "ListDevices", NULL, "devices", show_devices);
}

const struct command command_devices = {
	.name = "devices",
	.operands = "[ID]",
	.summary = "The devices that are present, or all about one",
	.operands_most = 1,
	.run = run,
};
