/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the service takes at most. */
#pragma once

#include <stddef.h>

struct service_limits {
	size_t message;	      /* bytes of one message received from anybody */
	size_t admin_message; /* the same from admins */
	unsigned connections;
	unsigned connections_per_uid; /* root's are not limited */
	size_t subscriber;	      /* bytes that may wait for a subscriber that takes nothing */
	size_t ring;		      /* events that are kept for `since` */
};
