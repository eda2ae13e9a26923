/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The methods as data. To add one: a row in method.c, a function in the file of its family, its
 * lines in include/org.hostdevd.varlink.
 */
#pragma once

#include "claims/request.h"
#include "claims/rights.h"
#include "io/socket/call.h"
#include "io/socket/parameter.h"

struct method {
	const char *name;		    /* without its interface */
	const struct parameter *parameters; /* NULL: none */
	enum right right;
	bool streaming; /* answers with a stream: needs `more` */
	bool changes;	/* the daemon carries it out, as `change` says */
	enum change_method change;
	enum request_type request; /* of a CHANGE_REQUEST */
	/* reads its parameters; false: the call was answered with what is wrong */
	bool (*read)(struct call *call, struct request *request);
	void (*answer)(struct call *call); /* replies and ends the call */
};

struct interface {
	const char *name;
	const char *description; /* the text of its .varlink file */
	const struct method *methods;
};

/* All of them; ends with a NULL name. */
extern const struct interface interfaces[];

enum {
	METHOD_NO_INTERFACE = 1,
	METHOD_NOT_FOUND,
};

/* Finds `interface.Method`. 0 or one of the outcomes, which leave NULL. */
int method_find(const char *name, const struct method **ret_method);

/*
 * Whether the call may be carried out: there is such a method, its peer has the right, it has the
 * parameters it needs. If not, it was answered with the error and is over.
 */
bool method_check(struct call *call);
