/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UTF-8 texts for people and terminals. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Takes one character off *text, which must not be at its end. A byte that is not UTF-8 is U+FFFD.
 */
uint32_t text_take(const char **text);

/* May this character change what a terminal does or where it writes? Controls and bidi controls. */
bool text_is_control(uint32_t character);

/* A copy in which each control, and each byte that is not UTF-8, is U+FFFD. The caller frees it. */
char *text_clean(const char *text);

/* How many columns a clean text takes. */
size_t text_width(const char *text);

/* How many bytes of a clean text fit into so many columns. */
size_t text_fitting(const char *text, size_t columns);
