/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files load*.c share: the state of one load, and how they read settings. Private to
 * them; they alone know libconfig.
 *
 * Reading never stops at an error: each is added, and what is half read is thrown away with the
 * rest of the set, so that all errors of all files are told at once.
 */
#pragma once

#include "base/map.h"
#include "rules/rule_error.h"
#include "rules/ruleset.h"

#include <libconfig.h>

struct loader_file {
	const struct rule_text *text;
	struct text *name;
	config_t config;
	bool parsed;
};

struct loader {
	struct text_pool *pool;
	struct rule_errors *errors;
	struct ruleset *ruleset;
	struct vector files;	  /* of struct loader_file */
	struct loader_file *file; /* the one being read */
	struct map groups;	  /* by name */
	struct map rules;	  /* by GROUP/NAME */
	struct vector rule_keys;  /* of struct text: the keys of `rules` */
	struct map properties;	  /* of struct text, those of the ruleset */
};

#define loader_error(loader, at, hint, ...)                                                        \
	rule_errors_add((loader)->errors, (loader)->file->text->file,                              \
		config_setting_source_line(at), hint, __VA_ARGS__)

/*
 * The readers below add an error where the setting is not what they are named for. `what` is how
 * messages call it.
 */

/* A string without control characters; the caller owns a reference. NULL after an error. */
struct text *loader_text(struct loader *loader, const config_setting_t *setting, const char *what);

/* A name of a group or rule. Likewise. */
struct text *loader_name(struct loader *loader, const config_setting_t *setting, const char *what);

/* One of the `count` words; its index, or -1. */
int loader_choice(struct loader *loader, const config_setting_t *setting, const char *const *words,
	size_t count);

bool loader_boolean(struct loader *loader, const config_setting_t *setting);

/* Whether it is a list of strings or such: (...) or [...]. */
bool loader_is_list(struct loader *loader, const config_setting_t *setting, const char *example);

/* Adds an error for each of the settings that none of `keys`, which ends with NULL, is called. */
void loader_check_keys(struct loader *loader, const config_setting_t *settings, const char *owner,
	const char *const *keys);

/* Appends "did you mean" with the nearest of the words to one that is none of them, or all. */
void loader_hint(struct buffer *hint, const char *wrong, const char *const *words, size_t count);

/* A key of a group, or of a part of it in brackets of its own; the last of a table has no name. */
struct group_key {
	const char *name;
	void (*read)(struct loader *loader, const config_setting_t *setting,
		struct resource_group *group);
};

/* Reads each of the settings by its row of `keys`; `owner` is how messages call what has them. */
void loader_group_keys(struct loader *loader, const config_setting_t *settings,
	struct resource_group *group, const struct group_key *keys, const char *owner);
