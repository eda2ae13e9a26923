/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes from devices become text here, once, before rules or output see them. */
#pragma once

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Length of the valid UTF-8 sequence at the start of `bytes`: 1 to 4, or 0 if there is none
 * (overlong forms, surrogates and values above U+10FFFF are invalid, as in RFC 3629).
 */
size_t utf8_sequence(const char *bytes, size_t length);

/* Whether utf8_clean would leave the string as it is. */
bool utf8_is_clean(const char *string);

/*
 * Appends `bytes` to `buffer` with every byte that is not UTF-8 and every control character (C0,
 * DEL, C1) replaced by U+FFFD.
 */
void utf8_clean(struct buffer *buffer, const char *bytes, size_t length);
