/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hostdevctl status: all that the daemon says of itself, whatever that is. */
#include "client.h"
#include "show.h"

static void print(const struct hostdev_value *parameters)
{
	show_object(hostdev_value_get(parameters, "status"), 0);
}

static enum exit_status run(const struct invocation *invocation)
{
	return client_show(invocation, "Status", NULL, print);
}

const struct command command_status = {
	.name = "status",
	.operands = "",
	.summary = "How the daemon is: counts, counters, what is wrong",
	.run = run,
};
