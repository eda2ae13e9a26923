/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hostdevd.conf: every key with its default is in conf/hostdevd.conf. */
#pragma once

#include "claims/rights.h"
#include "io/socket/service.h"
#include "rules/load.h"

struct config {
	struct rights rights; /* `admins`, as numbers; whom groups allow comes with the rules */
	char *reader_group;
	struct people readers; /* that group; nobody: there is none of that name */
	size_t receive_buffer; /* bytes; 0: as the library makes it */
	unsigned prepare_timeout_s;
	unsigned store_deadline_s;
	uint32_t regex_match_limit;
	struct service_limits limits;
};

/*
 * Reads `file`; a missing or empty one is all defaults. On LOAD_INVALID every error was added to
 * `errors`, and *ret_config is untouched.
 *
 * It looks names up, so it may take long, and shares nothing with other threads.
 */
int config_load(const char *file, struct rule_errors *errors, struct config *ret_config);

/* The same of a text that `text->file` names. */
int config_load_text(
	const struct rule_text *text, struct rule_errors *errors, struct config *ret_config);

void config_done(struct config *config);
