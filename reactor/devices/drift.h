/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drift: where somebody else's list of the USB devices differs from our inventory.
 *
 * Two lists are never taken at the same instant, so a difference is first only a reason to look
 * again. It is drift if the next comparison, after that look, finds the very same one. Told once,
 * it is remembered while it lasts, and neither told nor counted again.
 */
#pragma once

#include "devices/looking.h"
#include "model/inventory.h"
#include "model/place.h"

#define OPINION_FORM_SIZE sizeof("046d:c52b at bus 4294967295 device 4294967295")

/* A USB device as it is listed, in a form that two lists share. */
struct opinion {
	char form[OPINION_FORM_SIZE];
	char id[PLACE_ID_SIZE]; /* where to look for it; may be empty or mistaken */
};

struct drift {
	struct map differences; /* of struct difference: asked about, or told */
	unsigned round;		/* number of this comparison */
};

void drift_done(struct drift *drift);

/* `opinions` (of struct opinion, owned) is emptied. */
void opinions_done(struct vector *opinions);

/*
 * Compares the USB devices of the inventory with `opinions`. What differs for the first time is
 * added to `looks`; what did so in the comparison before and differs still is appended to ret_told
 * (of char *, owned by the caller) as one line each. True: looks were added, compare again once
 * they are done.
 */
bool drift_compare(struct drift *drift, const struct inventory *inventory,
	const struct vector *opinions, struct looking *looks, struct vector *ret_told);
