/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Has the kernel drop, before they are queued or wake anybody, messages of its own form about
 * devices below /devices/virtual/: a host of many containers makes thousands of them. 0 or -errno.
 */
int filter_attach(int descriptor);
