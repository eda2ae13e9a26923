/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as hostdevd.conf: a configuration within its bounds, or errors. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check_bounds(const struct config *config)
{
	if (!config->reader_group || config->reader_group[0] == '\0' || config->limits.ring < 16 ||
		config->prepare_timeout_s < 1 || config->store_deadline_s < 1 ||
		config->regex_match_limit < 64 || config->limits.message < 4096 ||
		config->limits.message > config->limits.admin_message ||
		config->limits.connections < 4 || config->limits.connections_per_uid < 1 ||
		config->limits.subscriber < 65536)
		abort();
}

static void check_errors(const struct rule_errors *errors)
{
	for (size_t i = 0; i < errors->errors.count; i++) {
		const struct rule_error *error = errors->errors.items[i];

		if (error->message[0] == '\0')
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct rule_text text = {(char *)"fuzz.conf", malloc(length + 1), length};
	struct rule_errors errors = {0};
	struct config config = {0};

	if (!text.bytes)
		abort();
	memcpy(text.bytes, bytes, length);
	text.bytes[length] = '\0';
	if ((config_load_text(&text, &errors, &config) == 0) != (errors.errors.count == 0))
		abort();
	if (errors.errors.count == 0)
		check_bounds(&config);
	check_errors(&errors);
	config_done(&config);
	rule_errors_done(&errors);
	free(text.bytes);
	return 0;
}
