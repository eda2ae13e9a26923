/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The same token again. It comes before everything else: what was claimed under it is the caller's,
 * even if its device is not present now or would not be given again.
 */
#pragma once

#include "claims/state.h"

/* Whether the token of a Claim was known: the request was answered, decided or parked then. */
bool token_repeat(struct claims *claims, struct request *request, int64_t now);
