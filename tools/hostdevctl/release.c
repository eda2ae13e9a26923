/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hostdevctl release: instances become free devices again. */
#include "client.h"
#include "instance.h"
#include "number.h"
#include "output.h"
#include "show.h"

#include <stdio.h>

enum { RELEASE_VM, RELEASE_TENANT, RELEASE_GENERATION, RELEASE_FORCE };

static const struct command_option options[] = {
	[RELEASE_VM] = {"vm", "NAME", "all that this VM has; with --tenant: as `unassign`"},
	[RELEASE_TENANT] = {"tenant", "NAME", "all that this tenant has"},
	[RELEASE_GENERATION] = {"generation", "N", "only if the INSTANCE is of that one"},
	[RELEASE_FORCE] = {"force", NULL, "even while it is used (admins only)"},
	{0},
};

static void print(const struct hostdev_value *released)
{
	for (size_t i = 0; i < hostdev_value_count(released); i++) {
		char *id = show_line(hostdev_value_at(released, i));

		puts(id);
		free(id);
	}
}

static enum exit_status add_parameters(
	const struct invocation *invocation, struct hostdev_value *parameters)
{
	const char *text = invocation->values[RELEASE_GENERATION];
	int64_t generation;

	if (text && !invocation->operands[0]) {
		output_complain("release: --generation is of one INSTANCE, so name that");
		return EXIT_USAGE;
	}
	if (text) {
		if (!number_read("generation", text, 1, &generation))
			return EXIT_USAGE;
		client_parameter(parameters, "generation", hostdev_value_new_integer(generation));
	}
	if (invocation->values[RELEASE_FORCE])
		client_parameter(parameters, "force", hostdev_value_new_boolean(true));
	return instance_add_target(invocation, RELEASE_VM, RELEASE_TENANT, parameters);
}

static enum exit_status run(const struct invocation *invocation)
{
	struct hostdev_value *parameters = output_must(hostdev_value_new_object());
	enum exit_status status = add_parameters(invocation, parameters);

	if (status == EXIT_DONE)
		return client_show(invocation, "Release", parameters, "released", print);
	hostdev_value_unref(parameters);
	return status;
}

const struct command command_release = {
	.name = "release",
	.operands = "INSTANCE | --vm V | --tenant T [--vm V]",
	.summary = "Give devices back",
	.options = options,
	.operands_most = 1,
	.run = run,
};
