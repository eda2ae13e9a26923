/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/reason.h"

#define REASON_NAME(reason, name) [reason] = name,
const char *const reason_names[REASON_COUNT] = {REASON_LIST(REASON_NAME)};
#undef REASON_NAME
