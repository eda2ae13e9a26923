/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading small files and links below an open folder. */
#pragma once

#include "base/buffer.h"

#include <sys/types.h>

/*
 * Reads the whole of `name` below `folder` (AT_FDCWD works) and appends it to `buffer`; at most
 * `most` bytes, -EFBIG beyond. Opens without following to a terminal and without blocking.
 */
int file_read_at(int folder, const char *name, size_t most, struct buffer *buffer);

/*
 * The last component of where the link `name` below `folder` points, e.g. the driver's name.
 * -ENOENT if there is no link; -ENAMETOOLONG if it does not fit `size` bytes with its NUL.
 */
int file_link_base_at(int folder, const char *name, char *ret_base, size_t size);
