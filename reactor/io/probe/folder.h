/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device's folder in sysfs, opened once: every attribute and link is read below its descriptor,
 * so no path is walked twice and nothing is read of a device that took the place meanwhile.
 */
#pragma once

#include "model/kind.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* An attribute has at most a page; with its NUL. */
#define ATTRIBUTE_SIZE (4096 + 1)

/* Longest name of a folder entry with its NUL. */
#define ENTRY_SIZE (NAME_MAX + 1)

struct folder {
	int descriptor;
	uint64_t life;	     /* inode number */
	char path[PATH_MAX]; /* /sys/bus/.../NAME, the link by which it was found */
	bool unsettled;	     /* what was read is of a device that is being made or taken away, or
			      * not all that is there could be read */
	int error;	     /* -errno that concerns this process, not the device: see below */
};

enum {
	FOLDER_GONE = 1,
	FOLDER_UNREADABLE = 2, /* there is something of that name, but no folder to be read */
};

/*
 * Opens the folder of the device `name` of a kind that has folders. Only 0 leaves something to be
 * closed; -errno is for want of descriptors or memory.
 */
int folder_open(enum kind kind, const char *name, struct folder *ret_folder);
void folder_close(struct folder *folder);

enum folder_state {
	FOLDER_SAME,	 /* what was read is of the device that is there now */
	FOLDER_REPLACED, /* another device has its name */
	FOLDER_VANISHED,
};

enum folder_state folder_check(struct folder *folder);

/* Keeps `error` (-errno) in folder::error if it concerns this process. */
void folder_note(struct folder *folder, int error);

/*
 * Attributes and links that cannot be read are absent: false, and ret_ is untouched. Where that is
 * for want of descriptors or memory, or a signal came, it says nothing about the device, and
 * folder::error tells.
 */

/* Where the link leads by which the folder was found, relative to that. */
bool folder_read_target(struct folder *folder, char ret_target[static PATH_MAX]);

/* Whether there is anything of that name. */
bool folder_has(const struct folder *folder, const char *name);

/* The attribute without its line end. A NUL byte in it becomes byte 1, a control character too. */
bool folder_read(struct folder *folder, const char *name, char ret_value[static ATTRIBUTE_SIZE]);

/* An attribute that is a number of `base` 10 or 16 (0x may precede), at most `most`. */
bool folder_read_number(struct folder *folder, const char *name, unsigned base, uint64_t most,
	uint64_t *ret_number);

/* The last component of where the link `name` leads. */
bool folder_read_link(struct folder *folder, const char *name, char ret_base[static ENTRY_SIZE]);

/* Calls `take` for each entry of the folder `name` below (`.`: this one), in no order. */
void folder_walk(struct folder *folder, const char *name,
	void (*take)(const char *entry, void *context), void *context);
