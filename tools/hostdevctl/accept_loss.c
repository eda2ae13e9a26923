/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hostdevctl accept-loss: grant devices again after the database was damaged and begun anew. */
#include "client.h"
#include "show.h"

static enum exit_status run(const struct invocation *invocation)
{
	return client_show(invocation, "AcceptLoss", NULL, "status", show_object);
}

const struct command command_accept_loss = {
	.name = "accept-loss",
	.operands = "",
	.summary = "Give devices out again after a damaged database",
	.run = run,
};
