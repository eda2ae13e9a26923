/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hostdevctl assign: a tenant's instance to one of its VMs. */
#include "instance.h"
#include "output.h"

enum { ASSIGN_VM };

static const struct command_option options[] = {
	[ASSIGN_VM] = {"vm", "NAME", "the VM of its tenant that is to have it"},
	{0},
};

static enum exit_status run(const struct invocation *invocation)
{
	if (!invocation->values[ASSIGN_VM]) {
		output_complain("assign: to whom? --vm NAME");
		return EXIT_USAGE;
	}
	return instance_change(invocation, "Assign", invocation->values[ASSIGN_VM]);
}

const struct command command_assign = {
	.name = "assign",
	.operands = "INSTANCE --vm V",
	.summary = "Have a tenant's VM use an instance of the tenant",
	.options = options,
	.operands_least = 1,
	.operands_most = 1,
	.run = run,
};
