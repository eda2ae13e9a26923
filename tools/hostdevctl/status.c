/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hostdevctl status: all that the daemon says of itself, whatever that is. */
#include "client.h"
#include "show.h"

static enum exit_status run(const struct invocation *invocation)
{
	return client_show(invocation, "Status", NULL, "status", show_object);
}

const struct command command_status = {
	.name = "status",
	.operands = "",
	.summary = "How the daemon is: counts, counters, what is wrong",
	.run = run,
};
