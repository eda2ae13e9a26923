/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The conditions of a rule. Private to load*.c. */
#pragma once

#include "rules/loader.h"

/*
 * The conditions of `match` for a rule of `kind`; with KIND_COUNT, which stands for an unknown one,
 * values are not checked. NULL after an error. The caller owns it.
 */
struct condition *load_match(struct loader *loader, const config_setting_t *match, enum kind kind);
