/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Assign, Unassign, Bind and Release: find the instances that are meant, refuse or park, or make
 * one operation of all of them.
 */
#pragma once

#include "claims/state.h"

/* One of them as it comes in, or when it was parked. */
void change_decide(struct claims *claims, struct request *request, int64_t now);
