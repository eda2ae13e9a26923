/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A text as libconfig's settings: the one way for rule files and the configuration. */
#pragma once

#include "rules/rule_error.h"

#include <libconfig.h>
#include <stdbool.h>

/* Reads `text` into `config`, an initialised one. False: an error was added to `errors`. */
bool load_settings(const struct rule_text *text, struct rule_errors *errors, config_t *config);
