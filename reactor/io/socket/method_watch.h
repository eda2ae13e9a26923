/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watch. */
#pragma once

#include "io/socket/call.h"

void method_watch(struct call *call);
