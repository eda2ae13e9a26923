/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What calls about instances ask. False: the call was answered with what is wrong. */
#pragma once

#include "claims/request.h"
#include "io/socket/call.h"

bool method_read_claim(struct call *call, struct request *request);
bool method_read_assign(struct call *call, struct request *request);
bool method_read_unassign(struct call *call, struct request *request);
bool method_read_bind(struct call *call, struct request *request);
bool method_read_release(struct call *call, struct request *request);
bool method_read_accept_loss(struct call *call, struct request *request);
