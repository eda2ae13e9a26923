/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a call about instances asks, as a request for claims/. Here is judged what needs no more
 * than the call itself: what is missing, out of its range, or says two things at once.
 */
#include "io/socket/method_claim.h"

#include "base/utf8.h"
#include "io/socket/connection.h"
#include "io/socket/internal.h"
#include "io/socket/reply.h"

#include <inttypes.h>
#include <string.h>

/* Bytes of the name of an owner, or of a token. */
#define MOST_NAME 128

#define MOST_COUNT 1024

#define MOST_NUMBER INT64_MAX

static struct text *intern(struct call *call, const char *parameter)
{
	const char *string = call_string(call, parameter);

	return string ? text_intern_string(call->connection->service->claims->devices->pool, string)
		      : NULL;
}

static bool read_name(struct call *call, const char *parameter, struct text **ret_name)
{
	const char *name = call_string(call, parameter);

	if (name && (name[0] == '\0' || strlen(name) > MOST_NAME || !utf8_is_clean(name)))
		return reply_invalid(call, parameter,
			"`%s` must be 1 to %d bytes without control characters", parameter,
			MOST_NAME);
	*ret_name = intern(call, parameter);
	return true;
}

struct range {
	const char *parameter;
	int64_t least;
	int64_t most;
};

/* One that is left out leaves *ret_number as it is. */
static bool read_number(struct call *call, struct range range, int64_t *ret_number)
{
	int64_t number;

	if (!call_integer(call, range.parameter, &number))
		return true;
	if (number >= range.least && number <= range.most) {
		*ret_number = number;
		return true;
	}
	if (range.most == MOST_NUMBER)
		return reply_invalid(call, range.parameter, "`%s` must be %" PRId64 " or more",
			range.parameter, range.least);
	return reply_invalid(call, range.parameter, "`%s` must be from %" PRId64 " to %" PRId64,
		range.parameter, range.least, range.most);
}

static bool read_pid(struct call *call, struct request *request)
{
	return read_number(call, (struct range){"pid", 1, MOST_NUMBER}, &request->pid);
}

/* An id that is none names no instance. */
static bool read_instance(struct call *call, struct request *request)
{
	const char *id = call_string(call, "instance");
	struct reply_error error = {"org.hostdevd.NoSuchInstance", "instance", id};

	if (!id || instance_parse_id(id, &request->instance))
		return true;
	return reply_error(call, error,
		"there is no instance `%s`; ids are like i-7, and ListInstances has them", id);
}

/* `life` and `pid` must not say two things. */
static bool read_life(struct call *call, struct request *request)
{
	const char *name = call_string(call, "life");

	if (!read_pid(call, request))
		return false;
	request->life = name ? life_find(name) : LIFE_COUNT;
	if (name && request->life == LIFE_COUNT)
		return reply_invalid(call, "life",
			"there is no life `%s`; explicit, process and connection are lives", name);
	if (request->life == LIFE_PROCESS && !request->pid)
		return reply_invalid(call, "pid", "life `process` needs the `pid` of that process");
	if (name && request->life != LIFE_PROCESS && request->pid)
		return reply_invalid(call, "pid",
			"a life of `%s` does not end with a process: leave `pid` "
			"out, or say `process`",
			name);
	return true;
}

static bool read_owner(struct call *call, struct request *request)
{
	return read_name(call, "vm", &request->vm) && read_name(call, "tenant", &request->tenant);
}

/* What to take, and how much of it. */
static bool read_choice(struct call *call, struct request *request)
{
	request->group = intern(call, "group");
	request->device = intern(call, "device");
	if (!read_number(call, (struct range){"count", 1, MOST_COUNT}, &request->count) ||
		!read_number(
			call, (struct range){"numa_node", 0, MOST_NUMBER}, &request->numa_node))
		return false;
	if (!request->group && !request->device)
		return reply_invalid(call, "group", "name a `group` to take from, or a `device`");
	if (request->device && request->count > 1)
		return reply_invalid(call, "count", "a named device is one: leave `count` out");
	return true;
}

static bool read_times(struct call *call, struct request *request)
{
	if (!read_number(
		    call, (struct range){"wait_ms", 0, REQUEST_LONGEST_MS}, &request->wait_ms) ||
		!read_number(
			call, (struct range){"bind_ms", 1, REQUEST_LONGEST_MS}, &request->bind_ms))
		return false;
	if (!request->bind_ms || !request->pid)
		return true;
	return reply_invalid(
		call, "bind_ms", "with `pid` it is bound from the start: leave one of them out");
}

bool method_read_claim(struct call *call, struct request *request)
{
	if (!read_owner(call, request) || !read_choice(call, request) ||
		!read_life(call, request) || !read_times(call, request) ||
		!read_name(call, "token", &request->token))
		return false;
	if (request->vm || request->tenant)
		return true;
	return reply_invalid(call, "vm", "say for whom: a `vm`, or a `tenant`");
}

bool method_read_assign(struct call *call, struct request *request)
{
	return read_instance(call, request) && read_name(call, "vm", &request->vm) &&
	       read_life(call, request);
}

bool method_read_unassign(struct call *call, struct request *request)
{
	return read_instance(call, request);
}

/* Exactly one of: instance; vm; tenant; tenant and vm. */
static bool read_target(struct call *call, struct request *request)
{
	if (!read_owner(call, request) || !read_instance(call, request))
		return false;
	if (!request->instance != (!request->vm && !request->tenant))
		return true;
	return reply_invalid(call, "instance",
		"name either an `instance`, or a `vm`, a `tenant`, or both: a tenant's vm");
}

bool method_read_bind(struct call *call, struct request *request)
{
	return read_target(call, request) && read_pid(call, request);
}

bool method_read_release(struct call *call, struct request *request)
{
	request->force = call_flag(call, "force");
	if (!read_target(call, request) ||
		!read_number(
			call, (struct range){"generation", 1, MOST_NUMBER}, &request->generation))
		return false;
	if (!request->generation || request->instance)
		return true;
	return reply_invalid(call, "generation", "a generation is of one `instance`: name that");
}

bool method_read_accept_loss(struct call *call, struct request *request)
{
	(void)call;
	(void)request;
	return true;
}
