/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libhostdev: talk to hostdevd, from any program and any event loop.
 *
 *	struct hostdev_value *parameters = NULL;
 *	struct hostdev *connection = NULL;
 *	int r = hostdev_connect(NULL, &connection);
 *	if (r == 0)
 *		r = hostdev_call(connection, "ListDevices", NULL, &parameters);
 *
 * hostdevd speaks Varlink: a method has an object of parameters, a reply has one too, and an error
 * is a name with parameters, of which `message` is for people. Methods, errors and objects are
 * described in org.hostdevd.varlink. A connection carries one call at a time.
 *
 * Every function that returns int follows one rule. Negative: -errno, the environment failed.
 * Zero or positive: one of enum hostdev_outcome, which the caller must tell apart. An out parameter
 * (ret_*) is written only where its function says so.
 *
 * No global state and no threads: a connection, and the values that came from it, belong to one
 * thread at a time. SIGPIPE is never raised, no signal handler is set, and every descriptor is
 * close-on-exec.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The version of this header, 0.1.0; pkg-config --modversion libhostdev says the same. */
#define HOSTDEV_VERSION_MAJOR 0
#define HOSTDEV_VERSION_MINOR 1
#define HOSTDEV_VERSION_MICRO 0

#ifdef __cplusplus
extern "C" {
#endif

/* The library is built with everything else hidden. */
#pragma GCC visibility push(default)

/* One connection to hostdevd. */
struct hostdev;

/* One JSON value. It is counted: what an out parameter gave belongs to the caller, who drops it
 * with hostdev_value_unref(); a const pointer is borrowed, and lives as long as the value it was
 * found in. */
struct hostdev_value;

enum hostdev_outcome {
	HOSTDEV_REPLY = 0,   /* done; for a call: here is a reply */
	HOSTDEV_ERROR = 1,   /* the daemon answered with an error: hostdev_error() names it */
	HOSTDEV_END = 2,     /* no call is under way: its last reply has been handed out */
	HOSTDEV_PENDING = 3, /* no reply yet */
};

/* ---- connection ---- */

/* The path that hostdev_connect(path) would use: path itself; for NULL the environment's
 * HOSTDEVD_SOCKET, if it is not empty and this is no set-user-ID program; else
 * /run/hostdevd/hostdevd.sock. The text belongs to the caller's path or to the environment. */
const char *hostdev_socket_path(const char *path);

/* Connects to the Unix socket at path (NULL: see hostdev_socket_path). On 0 *ret_connection belongs
 * to the caller, until hostdev_disconnect(). -EACCES: no right to connect; -ENOENT, -ECONNREFUSED:
 * no daemon there; -ENAMETOOLONG: a socket path has 107 bytes at most. */
int hostdev_connect(const char *path, struct hostdev **ret_connection);

/* Closes the connection, which also cancels the call under way. Takes NULL, returns NULL. Values
 * that came from it stay valid. */
struct hostdev *hostdev_disconnect(struct hostdev *connection);

/* Calls a method and waits for its one reply, without a time limit. A method without a dot is one
 * of the interface org.hostdevd. parameters is borrowed; NULL stands for {}.
 * HOSTDEV_REPLY: *ret_parameters are the reply's. HOSTDEV_ERROR: *ret_parameters are the error's.
 * Both are always objects, and belong to the caller. Besides -errno of the socket: -EBUSY, another
 * call is under way; -EINVAL, parameters is no object, or method not UTF-8; -ECONNRESET, the daemon
 * went away; -EPROTO, the daemon broke the protocol; -EMSGSIZE, its reply passes 256 MiB. After the
 * last three the connection is of no more use. */
int hostdev_call(struct hostdev *connection, const char *method,
	const struct hostdev_value *parameters, struct hostdev_value **ret_parameters);

/* Starts a call with more than one reply, such as Watch, and does not wait: fetch the replies with
 * hostdev_next() or hostdev_dispatch(). Parameters and failures as in hostdev_call(). */
int hostdev_start(
	struct hostdev *connection, const char *method, const struct hostdev_value *parameters);

/* Waits for the next reply of the started call, at most timeout_ms milliseconds (negative: without
 * limit). HOSTDEV_REPLY and HOSTDEV_ERROR as in hostdev_call(); after the last reply, or an error,
 * comes HOSTDEV_END. HOSTDEV_PENDING: the time is over, the call goes on. */
int hostdev_next(struct hostdev *connection, int timeout_ms, struct hostdev_value **ret_parameters);

/* The same without waiting, for the caller's own loop: poll hostdev_get_fd() for
 * hostdev_get_events(); when poll reports anything, call this until it does not return
 * HOSTDEV_REPLY. On HOSTDEV_PENDING ask for the events again; on anything else stop polling. */
int hostdev_dispatch(struct hostdev *connection, struct hostdev_value **ret_parameters);

/* The descriptor to poll. It belongs to the connection, and is the same until disconnected. */
int hostdev_get_fd(const struct hostdev *connection);

/* What to poll for now: POLLIN, or'ed with POLLOUT while a part of the call is still unsent; 0 when
 * no call is under way. */
short hostdev_get_events(const struct hostdev *connection);

/* Why the last call did not succeed: after HOSTDEV_ERROR the error's full name
 * ("org.hostdevd.NoSuchDevice"), after -EPROTO what the daemon did wrong, for people; otherwise
 * NULL. It belongs to the connection, until the next call. */
const char *hostdev_error(const struct hostdev *connection);

/* ---- reading values ---- */

/* All of these take NULL, which is the absent value. */
enum hostdev_type {
	HOSTDEV_ABSENT,
	HOSTDEV_NULL,
	HOSTDEV_BOOLEAN,
	HOSTDEV_INTEGER,
	HOSTDEV_REAL,
	HOSTDEV_TEXT,
	HOSTDEV_ARRAY,
	HOSTDEV_OBJECT,
};

enum hostdev_type hostdev_value_type(const struct hostdev_value *value);

/* The member of an object, borrowed; NULL if there is none, or value is no object. */
const struct hostdev_value *hostdev_value_get(const struct hostdev_value *value, const char *key);

/* The keys of an object in their order: the first for key NULL, then the one after key, which must
 * be a pointer that this function returned for the same object; NULL at the end. Borrowed. */
const char *hostdev_value_next_key(const struct hostdev_value *value, const char *key);

/* An array's element, borrowed; NULL if there is none, or value is no array. */
const struct hostdev_value *hostdev_value_at(const struct hostdev_value *value, size_t index);

/* How many elements an array has, or members an object; else 0. */
size_t hostdev_value_count(const struct hostdev_value *value);

/* The text, UTF-8, borrowed; NULL if value is no text. */
const char *hostdev_value_text(const struct hostdev_value *value);

/* The number, 0 if value is no integer. */
int64_t hostdev_value_integer(const struct hostdev_value *value);

/* The number, integer or not; 0 if value is no number. */
double hostdev_value_real(const struct hostdev_value *value);

/* True if value is the boolean true. */
bool hostdev_value_boolean(const struct hostdev_value *value);

/* The value as one line of JSON in UTF-8: members in their order, numbers with the fewest digits
 * that give the same number again; the absent value as null. The caller frees it; NULL: out of
 * memory. */
char *hostdev_value_dump(const struct hostdev_value *value);

/* ---- making values ---- */

/* Reads one JSON value out of length bytes, as strictly as a reply is read. -EBADMSG: no valid
 * JSON, a key twice, or deeper than 64. *ret_value, written on 0, belongs to the caller. */
int hostdev_value_parse(const char *text, size_t length, struct hostdev_value **ret_value);

/* New values, which belong to the caller; NULL: out of memory, or text is not UTF-8. */
struct hostdev_value *hostdev_value_new_object(void);
struct hostdev_value *hostdev_value_new_array(void);
struct hostdev_value *hostdev_value_new_text(const char *text);
struct hostdev_value *hostdev_value_new_integer(int64_t number);
struct hostdev_value *hostdev_value_new_boolean(bool truth);

/* Puts member into object under key, or element at the end of array. The member or element is taken
 * over in any case, also on failure. -EINVAL: it is NULL, or the first is no object (array), or key
 * is not UTF-8: so a value can be made in place and checked once. */
int hostdev_value_set(struct hostdev_value *object, const char *key, struct hostdev_value *member);
int hostdev_value_append(struct hostdev_value *array, struct hostdev_value *element);

/* One more owner of value, which also keeps a borrowed value alive. It must not be changed then. */
struct hostdev_value *hostdev_value_ref(const struct hostdev_value *value);

/* One owner less. Takes NULL, returns NULL. */
struct hostdev_value *hostdev_value_unref(struct hostdev_value *value);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
