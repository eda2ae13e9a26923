/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A Varlink call as text, and a reply out of text. Pure: no descriptor. */
#pragma once

#include "json.h"

#include <stdbool.h>

struct reply {
	json_t *parameters; /* an object, owned */
	char *error;	    /* its full name, owned; NULL for a plain reply */
	bool continues;
};

/* The call's text without its NUL byte, which the caller frees; -EINVAL: method is not UTF-8. A
 * method without a dot is one of org.hostdevd. parameters (or NULL) is borrowed. */
int message_call(const char *method, const json_t *parameters, bool more, char **ret_text);

/* Reads a reply of a call, made with `more` or not. -EPROTO: ret_problem says which rule is broken.
 * What ret_reply holds, written on 0, belongs to the caller. */
int message_reply(const char *text, size_t length, bool more, struct reply *ret_reply,
	struct problem *ret_problem);
