/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strict reading of numbers: the whole string or nothing; no blanks, no signs, no overflow. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Digits of `base` (10 or 16, no prefix), at most `most`. False leaves *ret_number untouched. */
bool number_parse(
	const char *digits, size_t length, unsigned base, uint64_t most, uint64_t *ret_number);
