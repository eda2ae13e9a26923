/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Groups. Private to load*.c. */
#pragma once

#include "rules/loader.h"

/* Reads an entry of `groups`, and adds its group to the ruleset. */
void load_group(struct loader *loader, const config_setting_t *setting);
