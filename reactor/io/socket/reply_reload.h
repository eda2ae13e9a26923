/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replies to a Reload, once the daemon has carried it out; each ends the call. */
#pragma once

#include "io/socket/call.h"
#include "rules/rule_error.h"

/* `moves`: of struct move. */
void reply_reload(struct call *call, const struct vector *moves);

/* InvalidRules. */
void reply_invalid_rules(struct call *call, const struct rule_errors *errors);
