/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to io/store. The texts of the last good rules, which are replaced as a whole. */
#pragma once

#include "base/vector.h"
#include "io/store/database.h"

/* Both of struct rule_text; loading appends. */
int last_good_save(struct database *database, const struct vector *texts);
int last_good_load(struct database *database, struct vector *ret_texts);
