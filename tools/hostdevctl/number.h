/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers among arguments. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The value of --option as a whole number, at least `least`, which is not negative. False: it is
 * none, and a message said so. */
bool number_read(const char *option, const char *text, int64_t least, int64_t *ret_number);

/* The value of --option as seconds, such as 2.5, in milliseconds. False as above. */
bool number_read_seconds(const char *option, const char *text, int64_t *ret_ms);
