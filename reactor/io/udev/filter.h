/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Has the kernel drop, before they are queued or wake anybody, messages about devices below
 * /devices/virtual/: a host of many containers makes thousands of them.
 */
#pragma once

/* Of messages in the kernel's own form. 0 or -errno. */
int filter_attach(int descriptor);

/*
 * Of messages in udevd's form, before the filter of subsystems that libudev has attached and that
 * judges the rest. 0 or -errno, which leaves that one alone.
 */
int filter_prepend(int descriptor);
