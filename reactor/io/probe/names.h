/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of PCI ids, exactly as `lspci -vmm` prints them, unknown ids included (`Vendor abcd`,
 * `Device 0d57`). libpci is named in names.c and nowhere else in io/probe.
 */
#pragma once

#include "base/text.h"

struct names;

/* Reads pci.ids, which takes 8 ms warm and 300 cold. Without it all ids are unknown ones. */
struct names *names_new(struct text_pool *pool);
struct names *names_free(struct names *names);

/* Borrowed until the next call; the caller takes a reference of what it keeps. */
struct text *names_vendor(struct names *names, unsigned vendor);
struct text *names_device(struct names *names, unsigned vendor, unsigned device);

/* `class` is base class and subclass, four digits. */
struct text *names_class(struct names *names, unsigned class);
