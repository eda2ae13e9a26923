/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A look at a rule text before libconfig reads it. */
#pragma once

#include "rules/rule_error.h"

#include <stdbool.h>

/* Whether libconfig may see `text`; if not, an error was added to `errors`. */
bool scan_text(const struct rule_text *text, struct rule_errors *errors);
