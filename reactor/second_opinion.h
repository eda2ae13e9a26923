/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The second opinion in the daemon: when libusb is asked, and what is done about a difference. */
#pragma once

#include "devices/drift.h"

struct daemon;

struct second_opinion {
	bool wanted;
	bool listed; /* `opinions` waits to be compared in the next turn */
	unsigned attempts;
	uint64_t looks; /* of the counter, when libusb was asked */
	struct vector opinions;
	struct drift drift;
};

/* Asks for a second opinion on the scan that is complete now. */
void second_opinion_want(struct daemon *daemon);

/* The turn's share of it. */
void second_opinion_follow(struct daemon *daemon);

/* Whether the next turn has a share. */
bool second_opinion_is_due(const struct daemon *daemon);

void second_opinion_done(struct second_opinion *opinion);
