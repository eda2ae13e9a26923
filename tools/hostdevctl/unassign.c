/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hostdevctl unassign: ends the use of an instance by a tenant's VM. */
#include "instance.h"

#include <stddef.h>

static enum exit_status run(const struct invocation *invocation)
{
	return instance_change(invocation, "Unassign", NULL);
}

const struct command command_unassign = {
	.name = "unassign",
	.operands = "INSTANCE",
	.summary = "End that use; the instance stays the tenant's",
	.operands_least = 1,
	.operands_most = 1,
	.run = run,
};
