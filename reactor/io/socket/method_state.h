/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Methods that show the state; each replies and ends the call. */
#pragma once

#include "io/socket/call.h"

void method_status(struct call *call);
void method_list_devices(struct call *call);
void method_get_device(struct call *call);
void method_list_groups(struct call *call);
void method_list_rules(struct call *call);
void method_explain(struct call *call);
void method_list_instances(struct call *call);
