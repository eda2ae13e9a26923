/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instances: naming one among arguments, and printing them. */
#pragma once

#include "command.h"

/* Calls method with the operand as `instance`, and `vm` unless that is NULL; prints the instance.
 */
enum exit_status instance_change(
	const struct invocation *invocation, const char *method, const char *vm);

/* A row for each, or nothing if there are none. */
void instance_print_all(const struct hostdev_value *instances);

/* How to attach it, on a line; format is qemu or libvirt. False: it has no such parameter, and a
 * message said so. */
bool instance_print_attach(const struct hostdev_value *instance, const char *format);

/* Adds `instance`, `vm` and `tenant` to parameters: the operand, or else these options (places in
 * the command's list). EXIT_USAGE: not exactly one of instance; vm; tenant; tenant and vm. */
enum exit_status instance_add_target(
	const struct invocation *invocation, int vm, int tenant, struct hostdev_value *parameters);
