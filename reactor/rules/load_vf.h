/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The settings of NIC VFs. Private to load*.c. */
#pragma once

#include "rules/loader.h"

/* The key `vf`: what the VFs of the group are set to. */
void load_vf(struct loader *loader, const config_setting_t *setting, struct resource_group *group);
