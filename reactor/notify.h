/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The service manager's notification socket (sd_notify(3)'s protocol, without its library). */
#pragma once

/* Sends `state`, e.g. "READY=1\nSTATUS=..."; nothing without $NOTIFY_SOCKET. */
void notify_service_manager(const char *state);
