/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls of the daemon, and what their failures mean to the caller of hostdevctl. */
#pragma once

#include "command.h"

/* Connects to the daemon. On EXIT_DONE *ret_connection belongs to the caller; on anything else a
 * message has been printed, as in all of these. */
enum exit_status client_connect(
	const struct invocation *invocation, struct hostdev **ret_connection);

/* Starts a Watch with these parameters, which are taken over. */
enum exit_status client_watch(const struct invocation *invocation, struct hostdev_value *parameters,
	struct hostdev **ret_connection);

/* Waits for a Watch's next reply, at most timeout_ms (negative: without limit); first: there was
 * none before, for the message. EXIT_DONE: the reply belongs to the caller. EXIT_TIMED_OUT is the
 * one that prints no message. */
enum exit_status client_next(const struct invocation *invocation, struct hostdev *connection,
	int timeout_ms, bool first, struct hostdev_value **ret_parameters);

/* Calls a method and waits for its reply, which belongs to the caller. */
enum exit_status client_call(const struct invocation *invocation, struct hostdev *connection,
	const char *method, const struct hostdev_value *parameters,
	struct hostdev_value **ret_parameters);

/* Waits, without a time limit, until the daemon closes a connection on which nothing is called. */
void client_await_end(const struct hostdev *connection);

/* Connects, calls, disconnects. parameters (or NULL) is taken over. */
enum exit_status client_ask(const struct invocation *invocation, const char *method,
	struct hostdev_value *parameters, struct hostdev_value **ret_parameters);

/* Asks and prints the reply: as JSON if that is wanted, else its member key (NULL: all of it) with
 * print. */
typedef void show(const struct hostdev_value *value);
enum exit_status client_show(const struct invocation *invocation, const char *method,
	struct hostdev_value *parameters, const char *key, show *print);

/* Adds one parameter to an object, or makes the object (for NULL). Ends the program if the member
 * is NULL, which is: not UTF-8, or no memory. */
struct hostdev_value *client_parameter(
	struct hostdev_value *parameters, const char *key, struct hostdev_value *member);

/* Adds what --option named, as the parameter of the option's name; NULL: nothing. Ends the program
 * if the name is empty or not UTF-8. */
void client_name(struct hostdev_value *parameters, const char *option, const char *name);

/* The parameter `device` with the id that text stands for. */
struct hostdev_value *client_device(const char *text);
