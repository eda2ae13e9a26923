/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration goes the way of a rule file: the same checks of the file and of its text, the
 * same form of errors. Keys are data: a table of names, ranges and where they go.
 */
#include "config.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/table.h"
#include "people.h"
#include "rules/files.h"
#include "rules/load_settings.h"
#include "rules/suggest.h"

#include <inttypes.h>
#include <libconfig.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KIB 1024

/* A whole number of the file: what it is called and may be, and where it goes. */
struct config_number {
	const char *name;
	int64_t initial;
	int64_t least;
	int64_t most;
};

enum number {
	NUMBER_RING,
	NUMBER_PREPARE_TIMEOUT,
	NUMBER_RECEIVE_BUFFER,
	NUMBER_REGEX_MATCH_LIMIT,
	NUMBER_STORE_DEADLINE,
	NUMBER_MESSAGE,
	NUMBER_CONNECTIONS,
	NUMBER_PER_UID,
	NUMBER_SUBSCRIBER,
	NUMBER_COUNT,
};

/* Those from NUMBER_MESSAGE on stand in `limits`. */
TABLE_BEGIN(descriptions);
static const struct config_number descriptions[NUMBER_COUNT] = {
	ROW(NUMBER_RING) = {"ring", 65536, 16, 1 << 24},
	ROW(NUMBER_PREPARE_TIMEOUT) = {"prepare_timeout_s", 30, 1, 3600},
	ROW(NUMBER_RECEIVE_BUFFER) = {"receive_buffer", 0, 0, 1 << 30},
	ROW(NUMBER_REGEX_MATCH_LIMIT) = {"regex_match_limit", 10000, 64, 10000000},
	ROW(NUMBER_STORE_DEADLINE) = {"store_deadline_s", 5, 1, 3600},
	ROW(NUMBER_MESSAGE) = {"message_kib", 256, 4, 16384},
	ROW(NUMBER_CONNECTIONS) = {"connections", 1024, 4, 1 << 20},
	ROW(NUMBER_PER_UID) = {"per_uid", 64, 1, 1 << 20},
	ROW(NUMBER_SUBSCRIBER) = {"subscriber_kib", 4096, 64, 1 << 20},
};
TABLE_END(descriptions, NUMBER_COUNT);

static const char *const top_keys[] = {"admins", "reader_group", "ring", "prepare_timeout_s",
	"receive_buffer", "regex_match_limit", "store_deadline_s", "limits", "vfs", NULL};
static const char *const limit_keys[] = {
	"message_kib", "connections", "per_uid", "subscriber_kib", NULL};

struct reading {
	const char *file;
	struct rule_errors *errors;
	int64_t numbers[NUMBER_COUNT];
	char *reader_group;
	struct people readers;
	struct rights rights;
};

#define reading_error(reading, setting, hint, ...)                                                 \
	rule_errors_add((reading)->errors, (reading)->file, config_setting_source_line(setting),   \
		hint, __VA_ARGS__)

static void check_keys(
	struct reading *reading, const config_setting_t *group, const char *const *keys)
{
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
		const char *name = config_setting_name(setting);
		struct suggestion nearest = {.word = name};
		const char *const *key = keys;
		struct buffer hint = {0};

		for (; *key && strcmp(*key, name) != 0; key++)
			suggestion_consider(&nearest, *key);
		if (*key)
			continue;
		if (nearest.best)
			buffer_format(&hint, "did you mean %s?", nearest.best);
		reading_error(reading, setting, buffer_string(&hint), "unknown key %s", name);
		buffer_done(&hint);
	}
}

static void read_number(struct reading *reading, const config_setting_t *group, enum number number)
{
	const struct config_number *description = &descriptions[number];
	const config_setting_t *setting =
		group ? config_setting_get_member(group, description->name) : NULL;
	char hint[80];

	reading->numbers[number] = description->initial;
	if (!setting)
		return;
	reading->numbers[number] = config_setting_get_int(setting);
	if (config_setting_type(setting) == CONFIG_TYPE_INT &&
		reading->numbers[number] >= description->least &&
		reading->numbers[number] <= description->most)
		return;
	snprintf(hint, sizeof(hint), "a whole number from %" PRId64 " to %" PRId64,
		description->least, description->most);
	reading_error(reading, setting, hint, "%s cannot be that", description->name);
}

static void read_limits(struct reading *reading, const config_setting_t *root)
{
	const config_setting_t *limits = config_setting_get_member(root, "limits");

	if (limits && !config_setting_is_group(limits)) {
		reading_error(reading, limits, "limits = { connections = 1024; };",
			"limits is no group of settings");
		limits = NULL;
	}
	if (limits)
		check_keys(reading, limits, limit_keys);
	for (enum number number = NUMBER_MESSAGE; number < NUMBER_COUNT; number++)
		read_number(reading, limits, number);
}

static void add_admin(struct reading *reading, const config_setting_t *setting, const char *name)
{
	bool group = name[0] == '@';

	if (people_add(&reading->rights.admins, name) == PEOPLE_UNKNOWN)
		reading_error(reading, setting,
			group ? "an existing group" : "an existing user, or @GROUP",
			"there is no %s %s", group ? "group" : "user", group ? name + 1 : name);
}

static void read_admins(struct reading *reading, const config_setting_t *root)
{
	const config_setting_t *admins = config_setting_get_member(root, "admins");

	if (!admins)
		return;
	if (!config_setting_is_list(admins) && !config_setting_is_array(admins)) {
		reading_error(reading, admins, "admins = ( \"alice\", \"@operators\" );",
			"admins is no list");
		return;
	}
	for (int i = 0; i < config_setting_length(admins); i++) {
		const config_setting_t *setting = config_setting_get_elem(admins, (unsigned)i);
		const char *name = config_setting_get_string(setting);

		if (!name || name[0] == '\0' || strcmp(name, "@") == 0)
			reading_error(reading, setting, "a user, or @GROUP, in quotes",
				"an admin cannot be that");
		else
			add_admin(reading, setting, name);
	}
}

static void read_reader_group(struct reading *reading, const config_setting_t *root)
{
	const config_setting_t *setting = config_setting_get_member(root, "reader_group");
	const char *name = setting ? config_setting_get_string(setting) : "hostdevd";

	if (!name || name[0] == '\0') {
		reading_error(reading, setting, "the name of a unix group, in quotes",
			"reader_group cannot be that");
		return;
	}
	reading->reader_group = memory_duplicate(name);
	people_add_group(&reading->readers, name);
}

static void read_vfs(struct reading *reading, const config_setting_t *root)
{
	const config_setting_t *setting = config_setting_get_member(root, "vfs");

	if (setting && (!config_setting_is_list(setting) || config_setting_length(setting) > 0))
		reading_error(reading, setting, "vfs = ();",
			"this version of hostdevd makes no virtual functions");
}

static void read_settings(struct reading *reading, const config_setting_t *root)
{
	check_keys(reading, root, top_keys);
	for (enum number number = 0; number < NUMBER_MESSAGE; number++)
		read_number(reading, root, number);
	read_limits(reading, root);
	read_admins(reading, root);
	read_reader_group(reading, root);
	read_vfs(reading, root);
}

static void take_config(struct reading *reading, struct config *ret_config)
{
	const int64_t *numbers = reading->numbers;

	*ret_config = (struct config){
		.rights = reading->rights,
		.reader_group = reading->reader_group,
		.readers = reading->readers,
		.receive_buffer = (size_t)numbers[NUMBER_RECEIVE_BUFFER],
		.prepare_timeout_s = (unsigned)numbers[NUMBER_PREPARE_TIMEOUT],
		.store_deadline_s = (unsigned)numbers[NUMBER_STORE_DEADLINE],
		.regex_match_limit = (uint32_t)numbers[NUMBER_REGEX_MATCH_LIMIT],
		.limits =
			{
				.message = (size_t)numbers[NUMBER_MESSAGE] * KIB,
				.admin_message = (size_t)16384 * KIB,
				.connections = (unsigned)numbers[NUMBER_CONNECTIONS],
				.connections_per_uid = (unsigned)numbers[NUMBER_PER_UID],
				.subscriber = (size_t)numbers[NUMBER_SUBSCRIBER] * KIB,
				.ring = (size_t)numbers[NUMBER_RING],
			},
	};
}

int config_load_text(
	const struct rule_text *text, struct rule_errors *errors, struct config *ret_config)
{
	struct reading reading = {.file = text->file, .errors = errors, .rights.own = geteuid()};
	size_t before = errors->errors.count;
	config_t settings;

	config_init(&settings);
	if (load_settings(text, errors, &settings))
		read_settings(&reading, config_root_setting(&settings));
	config_destroy(&settings);
	if (errors->errors.count == before) {
		take_config(&reading, ret_config);
		return 0;
	}
	rights_done(&reading.rights);
	people_done(&reading.readers);
	free(reading.reader_group);
	return LOAD_INVALID;
}

int config_load(const char *file, struct rule_errors *errors, struct config *ret_config)
{
	static char nothing[] = "";
	struct rule_text missing = {.file = (char *)file, .bytes = nothing};
	struct vector texts = {0};
	int result = 0;

	if (access(file, F_OK) == 0 || errno != ENOENT)
		result = rule_file_read(file, geteuid(), errors, &texts);
	if (result == 0)
		result = config_load_text(
			texts.count > 0 ? texts.items[0] : &missing, errors, ret_config);
	rule_texts_done(&texts);
	return result;
}

void config_done(struct config *config)
{
	rights_done(&config->rights);
	people_done(&config->readers);
	free(config->reader_group);
	*config = (struct config){0};
}
