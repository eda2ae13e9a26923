/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers to calls about instances. */
#pragma once

#include "claims/request.h"

/* Replies with the request's answer, and ends its call. The request stays the caller's. */
void reply_request(const struct request *request);
