/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two signs of an error.
 *
 * A negative result is fatal or environmental: -errno, passed on unchanged until an edge logs it
 * once. A positive result is an outcome that the function documents and its caller must handle;
 * each module names its own in an enum (`LOOK_GONE`). Zero is success. Lower layers return,
 * they do not log.
 *
 * Running out of memory is neither: the process aborts (memory.h). A daemon that is killed and
 * started again loses nothing that was acknowledged, and no code path is left that no test walks.
 */
#pragma once

#include <errno.h>

/* errno as a negative result, and never 0 even where a library forgot to set it. */
static inline int error_from_errno(void)
{
	return errno > 0 ? -errno : -EIO;
}
