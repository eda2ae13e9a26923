/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hostdevctl instances: the devices that VMs and tenants have. */
#include "client.h"
#include "instance.h"

static enum exit_status run(const struct invocation *invocation)
{
	return client_show(invocation, "ListInstances", NULL, "instances", instance_print_all);
}

const struct command command_instances = {
	.name = "instances",
	.operands = "",
	.summary = "The devices that VMs and tenants have",
	.run = run,
};
