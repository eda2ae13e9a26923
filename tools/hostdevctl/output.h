/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes to stdout and stderr: data there, messages here. */
#pragma once

#include "hostdev.h"

#include <stdlib.h>

/* One line on stderr, `hostdevctl: MESSAGE`, without control characters. */
__attribute__((format(printf, 1, 2))) void output_complain(const char *format, ...);

/* Ends a line on stdout with this, without control characters. */
__attribute__((format(printf, 1, 2))) void output_line(const char *format, ...);

/* Passes memory on, and ends the program if there is none. */
void *output_must(void *memory);

/* Printed text, which the caller frees. */
__attribute__((format(printf, 1, 2))) char *output_format(const char *format, ...);

/* A list and one more element; NULL: the first. Frees the list; the caller frees the result. */
char *output_join(char *list, const char *separator, const char *element);

/* The value as one line of JSON on stdout. */
void output_json(const struct hostdev_value *value);

/* Writes out what stdout still holds. False: not all could be written, and a message said so. */
bool output_flush(void);

/* Is stdout a terminal? */
bool output_is_terminal(void);

/* May stdout be coloured? A terminal that is not dumb, and NO_COLOR is not set. */
bool output_is_coloured(void);

/* The terminal's columns, 80 if it does not say. */
size_t output_columns(void);
