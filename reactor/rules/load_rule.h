/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules. Private to load*.c. */
#pragma once

#include "rules/loader.h"

/* Reads an entry of `rules`, and adds its rule to the ruleset; the groups of all files are read. */
void load_rule(struct loader *loader, const config_setting_t *setting);
