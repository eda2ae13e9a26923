/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hostdevctl bind: instances live as long as a process from now on. */
#include "client.h"
#include "instance.h"
#include "number.h"
#include "output.h"

enum { BIND_VM, BIND_TENANT, BIND_PID };

static const struct command_option options[] = {
	[BIND_VM] = {"vm", "NAME", "all that this VM has"},
	[BIND_TENANT] = {"tenant", "NAME", "all that this tenant has, or its VM"},
	[BIND_PID] = {"pid", "P", "the process"},
	{0},
};

static enum exit_status run(const struct invocation *invocation)
{
	const char *text = invocation->values[BIND_PID];
	struct hostdev_value *parameters;
	enum exit_status status;
	int64_t pid;

	if (!text) {
		output_complain("bind: to which process? --pid P");
		return EXIT_USAGE;
	}
	if (!number_read("pid", text, 1, &pid))
		return EXIT_USAGE;
	parameters = client_parameter(NULL, "pid", hostdev_value_new_integer(pid));
	status = instance_add_target(invocation, BIND_VM, BIND_TENANT, parameters);
	if (status == EXIT_DONE)
		return client_show(invocation, "Bind", parameters, "instances", instance_print_all);
	hostdev_value_unref(parameters);
	return status;
}

const struct command command_bind = {
	.name = "bind",
	.operands = "(INSTANCE | --vm V [--tenant T]) --pid P",
	.summary = "Tie instances to a process: released when it ends",
	.options = options,
	.operands_most = 1,
	.run = run,
};
