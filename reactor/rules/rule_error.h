/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rule texts, and all that is wrong with them. */
#pragma once

#include "base/buffer.h"
#include "base/vector.h"

/* One rule file, by its whole path for messages, and its content. */
struct rule_text {
	char *file;
	char *bytes; /* `length` of them and a NUL */
	size_t length;
};

struct rule_error {
	char *file;
	unsigned line; /* from 1; 0: the file, or the folder, as a whole */
	char *message; /* what is wrong */
	char *hint;    /* what would be right; may be empty */
	size_t source; /* place of its text among the texts, for the order of errors */
};

/* Errors beyond these are not listed; one more entry says so. */
#define RULE_ERRORS_MOST 10000

/* All errors of one load. Zero-initialised is empty. */
struct rule_errors {
	struct vector errors; /* of struct rule_error, owned */
	size_t source;	      /* what the next error gets */
};

/*
 * Appends an error; `format` makes its message, `hint` is taken as it is. Control characters, and
 * bytes that are not UTF-8, become U+FFFD in both.
 */
void rule_errors_add(struct rule_errors *errors, const char *file, unsigned line, const char *hint,
	const char *format, ...) __attribute__((format(printf, 5, 6)));

/*
 * Appends `file:line: what is wrong; what would be right`, without a line end; `file: ` if it is
 * about the whole of it.
 */
void rule_error_write(const struct rule_error *error, struct buffer *buffer);

void rule_errors_done(struct rule_errors *errors);

/* A copy of both. */
struct rule_text *rule_text_new(const char *file, const void *bytes, size_t length);
void rule_texts_done(struct vector *texts); /* of struct rule_text */
