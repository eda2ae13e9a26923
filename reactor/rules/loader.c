/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/loader.h"

#include "base/utf8.h"
#include "rules/suggest.h"

#include <string.h>

/* How much of a wrong word a message shows. */
#define SHOWN 64

#define NAME_MOST 64

/* Rows of one table of keys. */
#define KEYS_MOST 16

struct text *loader_text(struct loader *loader, const config_setting_t *setting, const char *what)
{
	const char *string = config_setting_get_string(setting);

	if (!string) {
		loader_error(loader, setting, "write it in quotes", "%s must be a string", what);
		return NULL;
	}
	if (!utf8_is_clean(string)) {
		loader_error(loader, setting, "write plain UTF-8",
			"%s holds a control character or bytes that are not UTF-8", what);
		return NULL;
	}
	return text_intern_string(loader->pool, string);
}

static bool is_name(const struct text *text)
{
	return text->length > 0 && text->length <= NAME_MOST &&
	       text->length == strspn(text->bytes,
				       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789-_.");
}

struct text *loader_name(struct loader *loader, const config_setting_t *setting, const char *what)
{
	struct text *text = loader_text(loader, setting, what);

	if (!text || is_name(text))
		return text;
	loader_error(loader, setting, "1 to 64 letters, digits, `-`, `_` or `.`",
		"`%.*s` cannot be %s", SHOWN, text->bytes, what);
	return text_unref(text);
}

void loader_hint(struct buffer *hint, const char *wrong, const char *const *words, size_t count)
{
	struct suggestion suggestion = {.word = wrong};

	for (size_t i = 0; i < count; i++)
		suggestion_consider(&suggestion, words[i]);
	if (suggestion.best) {
		buffer_format(hint, "did you mean `%s`?", suggestion.best);
		return;
	}
	buffer_add_string(hint, "one of");
	for (size_t i = 0; i < count; i++)
		buffer_format(hint, "%s `%s`", i > 0 ? "," : "", words[i]);
}

int loader_choice(struct loader *loader, const config_setting_t *setting, const char *const *words,
	size_t count)
{
	bool entry = !config_setting_name(setting);
	const char *key = config_setting_name(entry ? setting->parent : setting);
	struct buffer hint = {0};
	struct text *text;
	size_t at = 0;

	buffer_format(&hint, "%s`%s`", entry ? "an entry of " : "", key);
	text = loader_text(loader, setting, buffer_string(&hint));
	buffer_drop(&hint, hint.length);
	if (!text) {
		buffer_done(&hint);
		return -1;
	}
	while (at < count && !text_is(text, words[at]))
		at++;
	if (at == count) {
		loader_hint(&hint, text->bytes, words, count);
		loader_error(loader, setting, buffer_string(&hint), "`%.*s` is no value of `%s`",
			SHOWN, text->bytes, key);
	}
	buffer_done(&hint);
	text_unref(text);
	return at < count ? (int)at : -1;
}

bool loader_boolean(struct loader *loader, const config_setting_t *setting)
{
	if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
		loader_error(loader, setting, "`true` or `false`, without quotes",
			"`%s` must be true or false", config_setting_name(setting));
	return config_setting_get_bool(setting);
}

bool loader_is_list(struct loader *loader, const config_setting_t *setting, const char *example)
{
	if (config_setting_is_list(setting) || config_setting_is_array(setting))
		return true;
	loader_error(loader, setting, example, "`%s` must be a list", config_setting_name(setting));
	return false;
}

/* Says that no key is called so, and which one was meant. */
static void unknown_key(struct loader *loader, const config_setting_t *setting, const char *owner,
	const char *const *keys)
{
	const char *key = config_setting_name(setting);
	struct buffer hint = {0};
	size_t count = 0;

	while (keys[count])
		count++;
	loader_hint(&hint, key, keys, count);
	loader_error(
		loader, setting, buffer_string(&hint), "%s has no key `%.*s`", owner, SHOWN, key);
	buffer_done(&hint);
}

void loader_check_keys(struct loader *loader, const config_setting_t *settings, const char *owner,
	const char *const *keys)
{
	for (int i = 0; i < config_setting_length(settings); i++) {
		const config_setting_t *setting = config_setting_get_elem(settings, (unsigned)i);
		const char *const *key = keys;

		while (*key && strcmp(*key, config_setting_name(setting)) != 0)
			key++;
		if (!*key)
			unknown_key(loader, setting, owner, keys);
	}
}

static void read_key(struct loader *loader, const config_setting_t *setting,
	struct resource_group *group, const struct group_key *key, const char *owner)
{
	const char *names[KEYS_MOST + 1] = {0};

	for (size_t i = 0; key->name; key++, i++) {
		names[i] = key->name;
		if (strcmp(config_setting_name(setting), key->name) == 0) {
			if (key->read)
				key->read(loader, setting, group);
			return;
		}
	}
	unknown_key(loader, setting, owner, names);
}

void loader_group_keys(struct loader *loader, const config_setting_t *settings,
	struct resource_group *group, const struct group_key *group_keys, const char *owner)
{
	for (int i = 0; i < config_setting_length(settings); i++)
		read_key(loader, config_setting_get_elem(settings, (unsigned)i), group, group_keys,
			owner);
}
