/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conditions, and strings, as text that loads again to the same. */
#pragma once

#include "base/buffer.h"
#include "rules/ruleset.h"

/* A string as libconfig reads it; a loaded one has no control characters. */
void print_string(struct buffer *buffer, const struct text *text);

/* A rule's conditions in one line, as `match = ( ... )` holds them. */
void print_match(struct buffer *buffer, const struct rule *rule);
