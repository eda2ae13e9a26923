/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs of an instance from what subscribers were told, as events. They follow all events of
 * devices, so that whoever hears of an instance knows its device already.
 */
#pragma once

#include "claims/state.h"

/* Appends the events of touched instances, describes answers, and drops what is released. */
void settle_instances(struct claims *claims, struct delta *delta);
