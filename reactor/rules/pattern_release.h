/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Constructs of regular expressions that mean one thing to PCRE2 up to 10.42 (Debian 12) and
 * another from 10.43 on, so that the same rules could choose other devices after an upgrade.
 */
#pragma once

#include "base/buffer.h"
#include "base/text.h"

/*
 * Whether there is one in `source`, which compiles here. Of the first, `ret_what` gets what it
 * means to which release, and `ret_fix` what to write instead; both are appended to.
 */
bool pattern_release_differs(
	const struct text *source, struct buffer *ret_what, struct buffer *ret_fix);
